"""The BasicBlock of Keras tutorials in the functional style: test/golden/kerasBlock.safetensors.

relu(bn2(conv2(relu(bn1(conv1(x))))) + shortcut(x)); 3x3 convolutions with padding `same`, the first one strided; the shortcut is
the identity, or a 1x1 convolution with the stride and without batch norm. Batch norm as Keras has it: epsilon 1e-3,
momentum 0.99 (of the old value), moving variance from the batch's biased variance.

Everything is in Keras's layout (images NHWC, kernels HWIO), which is ours. Inputs and weights are
uniform('kerasBlock/<case>/<name>', shape, scale, shift) with the scales in the metadata. Gradients are those
of sum(y * dy) in training mode. Needs keras and jax.
"""

import os

os.environ['KERAS_BACKEND'] = 'jax'

import jax
import keras
import numpy as np
from keras.src.layers.normalization import batch_normalization

from generator import uniform
from golden import metadata, relative_error, write_safetensors

jax.config.update('jax_enable_x64', True)


class Float64Backend:
    """Keras's backend for batch norm alone, which otherwise computes in f32 even where all else is f64."""

    def __getattr__(self, name):
        return getattr(keras.src.backend, name)

    @staticmethod
    def result_type(*dtypes):
        return 'float64' if 'float64' in dtypes else keras.src.backend.result_type(*dtypes)


batch_normalization.backend = Float64Backend()

CASES = {
    'identity': {'shape': (2, 5, 4, 6), 'filters': 6, 'stride': 1, 'bias': True},
    'projection': {'shape': (2, 8, 6, 4), 'filters': 6, 'stride': 2, 'bias': True},
    'projectionOdd': {'shape': (2, 7, 5, 4), 'filters': 6, 'stride': 2, 'bias': False},
}


def block(x, filters, stride, bias):
    """The block on a Keras tensor."""
    def conv(name, size, stride):
        return keras.layers.Conv2D(filters, size, stride, padding='same', use_bias=bias, name=name)

    y = keras.layers.ReLU()(keras.layers.BatchNormalization(name='bn1')(conv('conv1', 3, stride)(x)))
    y = keras.layers.BatchNormalization(name='bn2')(conv('conv2', 3, 1)(y))
    if stride != 1 or x.shape[-1] != filters:
        x = conv('shortcut', 1, stride)(x)
    return keras.layers.ReLU()(keras.layers.add([x, y]))


def range_of(name, shape):
    """Scale and shift of a generated value."""
    kind = name.rsplit('/', 1)[-1]
    if kind == 'kernel':
        return float(np.sqrt(6.0 / np.prod(shape[:3]))), 0.0
    return {'gamma': (0.25, 1.0), 'moving_variance': (0.5, 1.0), 'x': (1.0, 0.0), 'dy': (1.0, 0.0)}.get(kind, (0.1, 0.0))


def run(place, case, floatx):
    """Outputs and gradients by name, and the ranges that generated the inputs."""
    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy(floatx)
    ranges = {}

    def value(name, shape):
        ranges[name] = {'shape': list(shape), 'scale': range_of(name, shape)[0], 'shift': range_of(name, shape)[1]}
        return uniform(f'{place}/{name}', shape, *range_of(name, shape)).astype(floatx)

    inputs = keras.Input(case['shape'][1:])
    model = keras.Model(inputs, block(inputs, case['filters'], case['stride'], case['bias']))
    trainable = {variable.path: value(variable.path, variable.shape) for variable in model.trainable_variables}
    state = {variable.path: value(variable.path, variable.shape) for variable in model.non_trainable_variables}
    x = value('x', case['shape'])
    moving = list(state.values())
    inference, _ = model.stateless_call(list(trainable.values()), moving, x, training=False)
    dy = value('dy', inference.shape)

    def loss(weights, x):
        y, after = model.stateless_call(weights, moving, x, training=True)
        return (y * dy).sum(), (y, after)

    (_, (y, after)), (gradients, dx) = jax.value_and_grad(loss, (0, 1), has_aux=True)(list(trainable.values()), x)
    return {
        'y': y, 'yInference': inference, 'dx': dx,
        **{f'd/{name}': gradient for name, gradient in zip(trainable, gradients)},
        **{f'after/{name}': array for name, array in zip(state, after)},
    }, ranges


arrays, facts = {}, {}
for name, case in CASES.items():
    place = f'kerasBlock/{name}'
    truth, ranges = run(place, case, 'float64')
    single, _ = run(place, case, 'float32')
    arrays.update({f'{name}/{key}': array for key, array in truth.items()})
    errors = {key: float(f'{relative_error(single[key], np.asarray(array)):.3g}') for key, array in truth.items()}
    facts[name] = {**case, 'inputs': ranges, 'f32Error': errors}
    print(name, errors)
write_safetensors(
    'kerasBlock.safetensors', arrays,
    metadata(keras=keras.__version__, jax=jax.__version__, epsilon=1e-3, momentum=0.99, cases=facts),
)

"""Weight files of Keras, and logits of its applications: test/golden/keras/.

block.keras, block.weights.h5, block.h5, block.npz: the tutorial's BasicBlock (4 to 6 channels, stride 2) in every format;
subclass.weights.h5: the same as a class with attributes. Weights are uniform('<layer>/<variable>', shape, …) as in `value`.
<net>.safetensors: logits in f64 of ResNet50 and DenseNet121 on uniform('kerasNets.x', [2, 64, 64, 3], sqrt(3)) with generated
weights; the metadata entry `variables` lists name and shape in order. Needs keras, jax and h5py.
"""

import os

os.environ['KERAS_BACKEND'] = 'jax'

import jax
import keras
import numpy as np
from keras.src.layers.normalization import batch_normalization

from generator import uniform
from golden import FOLDER, metadata, write_safetensors

jax.config.update('jax_enable_x64', True)


class Float64Backend:
    """Keras's backend for batch norm alone, which otherwise computes in f32 even where all else is f64."""

    def __getattr__(self, name):
        return getattr(keras.src.backend, name)

    @staticmethod
    def result_type(*dtypes):
        return 'float64' if 'float64' in dtypes else keras.src.backend.result_type(*dtypes)


batch_normalization.backend = Float64Backend()


def value(path, shape):
    """He's uniform kernels; batch norm's gamma around 0.5 so that sums of branches keep their size."""
    kind = path.rsplit('/', 1)[-1]
    if kind == 'kernel':
        return uniform(path, shape, np.sqrt(6.0 / np.prod(shape[:-1])))
    return uniform(path, shape, *{'gamma': (0.125, 0.5), 'moving_variance': (0.5, 1.0)}.get(kind, (0.1, 0.0)))


def generate(model, name_of=lambda variable: variable.path):
    for variable in model.weights:
        variable.assign(value(name_of(variable), variable.shape).astype(variable.dtype))
    return model


def block():
    x = inputs = keras.Input((8, 6, 4))

    def conv(name, size, stride):
        return keras.layers.Conv2D(6, size, stride, padding='same', name=name)

    y = keras.layers.ReLU()(keras.layers.BatchNormalization(name='bn1', epsilon=2e-3)(conv('conv1', 3, 2)(x)))
    y = keras.layers.BatchNormalization(name='bn2', momentum=0.9)(conv('conv2', 3, 1)(y))
    return keras.Model(inputs, keras.layers.ReLU()(keras.layers.add([conv('shortcut', 1, 2)(x), y])))


class BasicBlock(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.conv1 = keras.layers.Conv2D(6, 3, 2, padding='same')
        self.bn1 = keras.layers.BatchNormalization()
        self.conv2 = keras.layers.Conv2D(6, 3, 1, padding='same')
        self.bn2 = keras.layers.BatchNormalization()
        self.downsample = keras.Sequential([keras.layers.Conv2D(6, 1, 2)])

    def call(self, x, training=False):
        y = keras.ops.relu(self.bn1(self.conv1(x), training=training))
        y = self.bn2(self.conv2(y), training=training)
        return keras.ops.relu(self.downsample(x) + y)


def write_blocks():
    folder = os.path.join(FOLDER, 'keras')
    os.makedirs(folder, exist_ok=True)
    model = generate(block())
    for name in ('block.keras', 'block.h5'):
        model.save(os.path.join(folder, name))
    model.save_weights(os.path.join(folder, 'block.weights.h5'))
    np.savez_compressed(os.path.join(folder, 'block.npz'), **{variable.path: np.asarray(variable) for variable in model.weights})

    subclass = keras.Sequential([keras.Input((8, 6, 4)), BasicBlock()])
    layer = subclass.layers[0]
    names = {}
    for attribute in ('conv1', 'bn1', 'conv2', 'bn2'):
        for variable in getattr(layer, attribute).weights:
            names[id(variable)] = f'{attribute}/{variable.name}'
    for variable in layer.downsample.weights:
        names[id(variable)] = f'shortcut/{variable.name}'
    generate(subclass, lambda variable: names[id(variable)]).save_weights(os.path.join(folder, 'subclass.weights.h5'))


def write_net(make):
    keras.config.set_floatx('float64')
    keras.config.set_dtype_policy('float64')
    model = generate(make(weights=None, input_shape=(64, 64, 3), classes=10, classifier_activation=None))
    x = uniform('kerasNets.x', (2, 64, 64, 3), np.sqrt(3.0)).astype('float64')
    logits = np.asarray(model(x, training=False))
    print(model.name, logits[0, :4], logits.dtype)
    variables = [[variable.path, list(variable.shape)] for variable in model.weights]
    write_safetensors(
        f'keras/{model.name}.safetensors', {'logits': logits}, metadata(keras=keras.__version__, jax=jax.__version__, variables=variables),
    )


if __name__ == '__main__':
    write_blocks()
    for make in (keras.applications.ResNet50, keras.applications.DenseNet121):
        write_net(make)

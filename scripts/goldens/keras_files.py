"""Files as Keras writes them in use, and their logits: test/golden/keras/files/.

front.keras: Rescaling and Normalization with given statistics in front of a small network; adapted.keras: arithmetic on the
input, and a Normalization that learned its statistics. transfer.keras, .weights.h5 and .h5: augmentation, Rescaling, a base
network as one layer, whose batch norm has an epsilon of its own, and a head, compiled and trained for two steps.
bare.keras: batch norm without gamma and without beta. attributes.weights.h5 and .keras: a model's class, whose attributes lie
on both sides of the name `layers`; stages.weights.h5: with a list of blocks among them. fortran.npz: the arrays of attributes, kernels transposed in memory.
deflated.weights.h5: front's weights, shuffled and deflated in chunks as h5repack does it; latest.weights.h5: in the newer
format of HDF5. dense.h5: groups of 10, 60 and 200 members, in
that format. half.weights.h5 and bfloat.weights.h5: in f16, and in bf16 as Keras stores it.

files.safetensors: `images`, pixels of 0 to 255 [4, 8, 8, 3], and the logits of each file for them, by Keras in f32. Weights
are uniform('keras_files.<layer>/<variable>', shape, …) as in keras_nets.py, seed 1 for what Keras draws. Needs keras 3.15,
jax and h5py.
"""

import os

os.environ['KERAS_BACKEND'] = 'jax'

import h5py
import jax
import keras
import ml_dtypes
import numpy as np
from keras import layers

from generator import uniform
from golden import FOLDER, metadata, write_safetensors

OUT = os.path.join(FOLDER, 'keras', 'files')
IMAGES = np.floor((uniform('keras_files.images', (4, 8, 8, 3), 0.5, 0.5)) * 256).astype('float32')
LABELS = np.array([0, 1, 2, 1])


def value(path, shape):
    path = f'keras_files.{path}'
    kind = path.rsplit('/', 1)[-1]
    if kind == 'kernel':
        return uniform(path, shape, np.sqrt(6.0 / np.prod(shape[:-1])))
    return uniform(path, shape, *{'gamma': (0.25, 1.0), 'moving_variance': (0.5, 1.0)}.get(kind, (0.2, 0.0)))


def generate(model):
    for variable in model.weights:
        name = '/'.join(variable.path.split('/')[-2:])
        if name.rsplit('/', 1)[-1] in ('kernel', 'bias', 'gamma', 'beta', 'moving_mean', 'moving_variance'):
            variable.assign(value(name, variable.shape))
    return model


def body(x, head='fc', **norm):
    x = layers.Conv2D(4, 3, padding='same', use_bias=False, name='conv1')(x)
    x = layers.ReLU()(layers.BatchNormalization(name='bn1', **norm)(x))
    return layers.Dense(3, name=head)(layers.GlobalAveragePooling2D()(x))


def front():
    inputs = keras.Input((8, 8, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    x = layers.Normalization(mean=[0.1, 0.2, -0.3], variance=[0.5, 0.25, 0.75])(x)
    return keras.Model(inputs, body(x, epsilon=0.05, momentum=0.9))


def adapted():
    inputs = keras.Input((8, 8, 3))
    normalization = layers.Normalization()
    normalization.adapt(uniform('keras_files.adapt', (16, 8, 8, 3), 0.5, 0.25).astype('float32') * [1, 2, 3])
    return keras.Model(inputs, body(normalization(inputs / 127.5 - 1.0), epsilon=0.05))


def bare():
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding='same', use_bias=False, name='conv1')(layers.Rescaling(1 / 255)(inputs))
    x = layers.BatchNormalization(name='bn1', center=False, epsilon=0.02)(x)
    x = layers.Conv2D(4, 3, padding='same', use_bias=False, name='conv2')(layers.ReLU()(x))
    x = layers.BatchNormalization(name='bn2', scale=False, epsilon=0.03)(x)
    x = layers.GlobalAveragePooling2D()(layers.ReLU()(x))
    return keras.Model(inputs, layers.Dense(3, name='fc')(x))


def transfer():
    inside = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding='same', use_bias=False, name='conv1')(inside)
    x = layers.ReLU()(layers.BatchNormalization(name='bn1', epsilon=0.1)(x))
    base = keras.Model(inside, x, name='base')
    inputs = keras.Input((8, 8, 3))
    x = keras.Sequential([layers.RandomFlip(seed=1)], name='augment')(inputs)
    x = layers.GlobalAveragePooling2D()(base(layers.Rescaling(1 / 127.5, offset=-1)(x)))
    model = keras.Model(inputs, layers.Dense(3, name='head')(layers.Dropout(0.2, seed=1)(x)))
    model.compile(
        keras.optimizers.SGD(0.01, momentum=0.9),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=['accuracy'],
    )
    return model


class Attributes(keras.Model):
    """`stem` and what follows it in the alphabet have no names in the file but their places among layers of their class."""

    def __init__(self):
        super().__init__()
        self.stem = layers.Conv2D(4, 3, padding='same', use_bias=False)
        self.bn = layers.BatchNormalization(epsilon=0.05)
        self.proj = layers.Conv2D(4, 1)
        self.conv1 = layers.Conv2D(4, 3, padding='same', use_bias=False)
        self.norm = layers.BatchNormalization(epsilon=0.05)
        self.fc = layers.Dense(3)

    def call(self, x, training=False):
        x = keras.ops.relu(self.bn(self.stem(x / 255.0), training=training))
        x = keras.ops.relu(self.norm(self.conv1(self.proj(x)), training=training))
        return self.fc(keras.ops.mean(x, (1, 2)))


def attributes():
    model = Attributes()
    model(IMAGES)
    for name in ('stem', 'bn', 'proj', 'conv1', 'norm', 'fc'):
        for variable in getattr(model, name).weights:
            variable.assign(value(f'{name}/{variable.name}', variable.shape))
    return model


class Block(layers.Layer):
    def __init__(self, stride):
        super().__init__()
        self.conv1 = layers.Conv2D(4, 3, stride, padding='same', use_bias=False)
        self.bn1 = layers.BatchNormalization(epsilon=0.05)

    def call(self, x, training=False):
        return keras.ops.relu(self.bn1(self.conv1(x), training=training))


class Stages(keras.Model):
    """A list of blocks that comes after `layers`, too."""

    def __init__(self):
        super().__init__()
        self.begin = Block(1)
        self.stages = [Block(2), Block(1)]
        self.top = layers.Dense(3)

    def call(self, x, training=False):
        x = self.begin(x / 255.0, training=training)
        for stage in self.stages:
            x = stage(x, training=training)
        return self.top(keras.ops.mean(x, (1, 2)))


def stages():
    model = Stages()
    model(IMAGES)
    for name, part in (('begin', model.begin), ('stages.0', model.stages[0]), ('stages.1', model.stages[1]), ('top', model.top)):
        for variable in part.weights:
            variable.assign(value('/'.join([name, *variable.path.split('/')[-2:]]), variable.shape))
    return model


def repack(source, target, change=None, attributes=None, **options):
    """Copies a weights file as h5repack would, with the options and attributes of its datasets."""
    with h5py.File(source) as old, h5py.File(target, 'w', **options.pop('file', {})) as new:

        def copy(name, item):
            if isinstance(item, h5py.Group):
                made = new.require_group(name)
            elif item.shape:
                made = new.create_dataset(name, data=change(item[()]) if change else item[()], **options)
                made.attrs.update(attributes or {})
            else:
                made = new.create_dataset(name, data=item[()])
            made.attrs.update(item.attrs)

        old.visititems(copy)


def main():
    os.makedirs(OUT, exist_ok=True)
    keras.utils.set_random_seed(1)
    logits = {}

    def note(name, model):
        logits[name] = np.asarray(model(IMAGES, training=False))

    at = lambda name: os.path.join(OUT, name)
    for make in (front, adapted, bare):
        model = generate(make())
        note(make.__name__, model)
        model.save(at(f'{make.__name__}.keras'))
        if make is front:
            model.save_weights(at('front.weights.h5'))
    model = generate(transfer())
    model.fit(IMAGES, LABELS, batch_size=2, epochs=1, verbose=0)
    note('transfer', model)
    model.save(at('transfer.keras'))
    model.save(at('transfer.h5'))
    model.save_weights(at('transfer.weights.h5'))
    model = attributes()
    note('attributes', model)
    model.save(at('attributes.keras'))
    model.save_weights(at('attributes.weights.h5'))
    stacked = stages()
    note('stages', stacked)
    stacked.save_weights(at('stages.weights.h5'))
    arrays = {}
    for name in ('stem', 'bn', 'proj', 'conv1', 'norm', 'fc'):
        for variable in getattr(model, name).weights:
            arrays[f'{name}/{variable.name}'] = np.asfortranarray(np.asarray(variable))
    np.savez(at('fortran.npz'), **arrays)
    weights = at('front.weights.h5')
    repack(weights, at('deflated.weights.h5'), chunks=True, compression='gzip', shuffle=True, fletcher32=True)
    repack(weights, at('latest.weights.h5'), file={'libver': 'latest'})
    repack(weights, at('half.weights.h5'), lambda array: array.astype('float16'))
    repack(weights, at('bfloat.weights.h5'), lambda array: array.astype(ml_dtypes.bfloat16), {'dtype': 'bfloat16'})
    with h5py.File(at('dense.h5'), 'w', libver='latest') as file:
        for count in (10, 60, 200):
            group = file.create_group(f'of_{count}')
            for index in range(count):
                group[f'a member with a long name, number {index}'] = h5py.SoftLink('/nowhere') if index % 5 else file['/']
    write_safetensors('keras/files/files.safetensors', {'images': IMAGES, **logits}, metadata(keras=keras.__version__, jax=jax.__version__, h5py=h5py.__version__, seed=1))


if __name__ == '__main__':
    main()

"""Counter-based values that Python and TypeScript make alike: test/golden/generator.ts is this file's twin."""

import numpy as np

CHUNK = 1 << 22


def seed_of(name):
    """FNV-1a hash of the name's UTF-8 bytes, 32 bits."""
    seed = 0x811C9DC5
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x01000193) & 0xFFFFFFFF
    return seed


def mix(h):
    """Finaliser of MurmurHash3, 32 bits (Appleby, public domain)."""
    h = h ^ (h >> np.uint32(16))
    h = h * np.uint32(0x85EBCA6B)
    h = h ^ (h >> np.uint32(13))
    h = h * np.uint32(0xC2B2AE35)
    return h ^ (h >> np.uint32(16))


def hashes(name, start, stop):
    """Hashes number `start` to `stop` of the stream `name`, uint32."""
    index = np.arange(start, stop, dtype=np.uint32) + np.uint32(0x9E3779B9)
    return mix(mix(index) ^ np.uint32(seed_of(name)))


def uniform(name, shape, scale=1.0, shift=0.0):
    """f32 values shift + scale * u with u uniform on the odd multiples of 2**-24 in (-1, 1)."""
    size = int(np.prod(shape, dtype=np.int64))
    values = np.empty(size, dtype=np.float32)
    for start in range(0, size, CHUNK):
        stop = min(size, start + CHUNK)
        k = (hashes(name, start, stop) >> np.uint32(8)).astype(np.float64)
        values[start:stop] = shift + scale * ((2.0 * k + 1.0 - 16777216.0) / 16777216.0)
    return values.reshape(shape)


def labels(name, count, classes):
    """int64 labels in [0, classes)."""
    return np.floor(hashes(name, 0, count).astype(np.float64) / 4294967296.0 * classes).astype(np.int64)


def indices(name, size, count):
    """Flat positions of a tensor of `size` elements at which a digest samples it."""
    return labels(f'{name}#samples', count, size)


def sketch(name, values, rows=8):
    """Sums of the values with random signs: row k negates where bit k of the hash is set.

    For two tensors a, b the mean square of sketch(a) - sketch(b) estimates |a - b|**2 (Johnson-Lindenstrauss).
    """
    flat = np.asarray(values, dtype=np.float64).reshape(-1)
    sums = np.zeros(rows)
    for start in range(0, flat.size, CHUNK):
        part = flat[start:start + CHUNK]
        h = hashes(f'{name}#sketch', start, start + part.size)
        for k in range(rows):
            sums[k] += np.where((h >> np.uint32(k)) & np.uint32(1), -part, part).sum()
    return sums


def parameter(name, shape, norm):
    """A parameter or buffer under its state-dict name.

    Convolutions are uniform with He's deviation sqrt(2 / fan_in), linear layers within 1 / sqrt(fan_in). `norm` is the mean
    of batch norm's weights, or 'fresh' for batch norm as it is after construction (1, 0, 0, 1).
    """
    kind = name.rsplit('.', 1)[-1]
    if len(shape) > 1:
        fan_in = int(np.prod(shape[1:]))
        return uniform(name, shape, np.sqrt((6.0 if len(shape) == 4 else 1.0) / fan_in))
    if kind == 'running_mean':
        return np.zeros(shape, np.float32) if norm == 'fresh' else uniform(name, shape, 0.1)
    if kind == 'running_var':
        return np.ones(shape, np.float32) if norm == 'fresh' else uniform(name, shape, 0.5, 1.0)
    if kind == 'weight':
        return np.ones(shape, np.float32) if norm == 'fresh' else uniform(name, shape, norm / 4, norm)
    return uniform(name, shape, 0.1)


def is_norm_bias(name, names):
    """Whether `name` is the bias of a batch norm: its module has running statistics."""
    return name.endswith('.bias') and name[:-len('bias')] + 'running_var' in names


def state_dict(shapes, norm):
    """Values for every float entry of `shapes` (name -> shape); `fresh` also zeroes batch norm's biases."""
    return {
        name: np.zeros(shape, np.float32) if norm == 'fresh' and is_norm_bias(name, shapes) else parameter(name, shape, norm)
        for name, shape in shapes.items()
    }


def batch(name, shape, classes):
    """Images [N, C, H, W] of learnable classes and their labels: noise plus the class's own pattern, each within sqrt(1.5)."""
    target = labels(f'{name}.labels', shape[0], classes)
    scale = np.sqrt(1.5)
    noise = uniform(f'{name}.noise', shape, scale)
    patterns = uniform(f'patterns.{shape[1]}x{shape[2]}x{shape[3]}', (classes, *shape[1:]), scale)
    return (noise + patterns[target]).astype(np.float32), target


def noise(name, shape, classes):
    """Images [N, C, H, W] without any class, of deviation 1, and labels."""
    return uniform(f'{name}.noise', shape, np.sqrt(3.0)), labels(f'{name}.labels', shape[0], classes)

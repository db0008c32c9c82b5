"""What the golden scripts share: files, errors and digests."""

import json
import os
import struct
import sys

import numpy as np

from generator import indices, sketch

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
FOLDER = os.path.join(ROOT, 'test', 'golden')
LIMIT = 50_000
DTYPES = {'float64': 'F64', 'float32': 'F32', 'int64': 'I64', 'int32': 'I32'}
SAMPLES = 4


def metadata(**facts):
    """Strings for a safetensors header: script, how values are seeded, and facts (structures as JSON)."""
    script = os.path.relpath(os.path.abspath(sys.argv[0]), ROOT)
    texts = {key: fact if isinstance(fact, str) else json.dumps(fact, separators=(',', ':')) for key, fact in facts.items()}
    return {'script': script, 'seed': 'fnv1a32(name)', **texts}


def write_json(path, value):
    """Writes test/golden/<path> with two-space indentation."""
    file = os.path.join(FOLDER, path)
    os.makedirs(os.path.dirname(file), exist_ok=True)
    with open(file, 'w', encoding='utf-8') as out:
        json.dump(value, out, indent=2)
        out.write('\n')


def write_safetensors(path, tensors, facts):
    """Writes test/golden/<path>; refuses more than 50 KB."""
    arrays = {name: np.array(tensor, order='C') for name, tensor in tensors.items()}
    order = sorted(arrays, key=lambda name: -arrays[name].itemsize)
    header, offset = {'__metadata__': facts}, 0
    for name in order:
        array = arrays[name]
        header[name] = {
            'dtype': DTYPES[str(array.dtype)],
            'shape': list(array.shape),
            'data_offsets': [offset, offset + array.nbytes],
        }
        offset += array.nbytes
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    size = 8 + len(text) + offset
    if size > LIMIT:
        raise ValueError(f'{path}: write: {size} bytes are more than {LIMIT}')
    file = os.path.join(FOLDER, path)
    os.makedirs(os.path.dirname(file), exist_ok=True)
    with open(file, 'wb') as out:
        out.write(struct.pack('<Q', len(text)) + text)
        for name in order:
            out.write(arrays[name].tobytes())
    print(f'{path}: {size} bytes')


def relative_error(value, truth):
    """Norm of value - truth over the norm of truth, or the absolute norm where truth is zero."""
    error = np.linalg.norm((np.asarray(value, np.float64) - truth).reshape(-1))
    norm = np.linalg.norm(np.asarray(truth).reshape(-1))
    return float(error / norm) if norm > 0 else float(error)


def digest(name, truth, values):
    """14 numbers for one tensor: norm, largest norm of the f32 values' errors, 4 samples, 8 sketch rows (of the f64 truth)."""
    flat = np.asarray(truth, np.float64).reshape(-1)
    error = max(np.linalg.norm(np.asarray(value, np.float64).reshape(-1) - flat) for value in values)
    samples = flat[indices(name, flat.size, SAMPLES)]
    return np.concatenate([[np.linalg.norm(flat), error], samples, sketch(name, flat)])


def digests(truths, results):
    """Digest rows [tensors, 14] in the order of the sorted names; `results` are f32's, dicts like `truths`."""
    return np.stack([digest(name, truths[name], [result[name] for result in results]) for name in sorted(truths)])


def total_error(truths, values):
    """Relative error of all tensors taken as one vector."""
    squares = sum(float(np.sum((np.asarray(values[name], np.float64) - truths[name]) ** 2)) for name in truths)
    norm = sum(float(np.sum(np.asarray(truths[name]) ** 2)) for name in truths)
    return float(np.sqrt(squares / norm))

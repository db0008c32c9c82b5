"""Writes test/golden/safetensorsPython.safetensors with the reference writer (PyPI safetensors 0.8.0, numpy 2.4).

Run: python test/io/safetensorsGolden.py
"""

import pathlib

import numpy as np
import safetensors

values = np.array([0.0, -0.0, 1.0, -1.5, 1 / 3, 65504.0, 6e-8, -np.inf], np.float32)
bfloats = (values.view(np.uint32) >> 16).astype(np.uint16)


def tensor(dtype: str, shape: list[int], data: np.ndarray) -> tuple:
    spec = safetensors.TensorSpec(
        dtype=dtype, shape=shape, data_ptr=data.ctypes.data, data_len=data.nbytes
    )
    return spec, data


tensors = {
    "layer1.0.conv1.weight": tensor("float32", [2, 1, 2, 2], values),
    "layer1.0.bn1.weight": tensor("float32", [8], values),
    "layer1.0.bn1.num_batches_tracked": tensor("int64", [], np.array(2**53 + 1, np.int64)),
    "double": tensor("float64", [2, 2], np.array([1 / 3, -2e300, 5e-324, 0.1])),
    "half": tensor("float16", [8], values.astype(np.float16)),
    "bfloat": tensor("bfloat16", [2, 4], bfloats),
    "int": tensor("int32", [3], np.array([-1, 2**31 - 1, -(2**31)], np.int32)),
    "bytes": tensor("uint8", [5], np.array([0, 1, 127, 128, 255], np.uint8)),
    "empty": tensor("float32", [0, 3], np.zeros((0, 3), np.float32)),
    "größe \"1\"\n": tensor("float32", [1], np.ones(1, np.float32)),
}

path = pathlib.Path(__file__).parents[1] / "golden" / "safetensorsPython.safetensors"
note = f"written by safetensors {safetensors.__version__}, numpy {np.__version__}"
specs = {name: spec for name, (spec, _data) in tensors.items()}
path.write_bytes(safetensors.serialize(specs, {"note": note}))

# Types that are not read, beside one that is: safetensorsTypes.safetensors.
others = {
    "flag": tensor("bool", [3], np.array([True, False, True])),
    "i8": tensor("int8", [2], np.array([-1, 2], np.int8)),
    "i16": tensor("int16", [2], np.array([-1, 2], np.int16)),
    "u16": tensor("uint16", [2], np.array([1, 2], np.uint16)),
    "u32": tensor("uint32", [1], np.array([7], np.uint32)),
    "u64": tensor("uint64", [1], np.array([7], np.uint64)),
    "f8": tensor("float8_e4m3fn", [5], np.arange(5, dtype=np.uint8)),
    "f4": tensor("float4_e2m1fn_x2", [2, 1], np.arange(2, dtype=np.uint8)),
    "model.fc.bias": tensor("float32", [3], np.array([1, -2, 0.5], np.float32)),
}
path = path.with_name("safetensorsTypes.safetensors")
path.write_bytes(safetensors.serialize({name: spec for name, (spec, _data) in others.items()}, {"note": note}))

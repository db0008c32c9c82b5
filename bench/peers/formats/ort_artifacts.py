"""Writes what onnxruntime-web's training build reads: `python3 ort_artifacts.py <folder>`.

The folder holds `network.onnx`, batch norms in training mode, and `parameters.json`, the names of the weights that
training moves; it gets `training_model.onnx`, `optimizer_model.onnx` and `checkpoint`.
"""

import json
import os
import sys

import onnx
from onnxruntime.training import artifacts

folder = sys.argv[1]
model = onnx.load(os.path.join(folder, "network.onnx"))
with open(os.path.join(folder, "parameters.json")) as file:
    parameters = json.load(file)
artifacts.generate_artifacts(
    model,
    requires_grad=parameters,
    frozen_params=[tensor.name for tensor in model.graph.initializer if tensor.name not in parameters],
    loss=artifacts.LossType.CrossEntropyLoss,
    # The only optimizer of the build for WASM.
    optimizer=artifacts.OptimType.AdamW,
    artifact_directory=folder,
)

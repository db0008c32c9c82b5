"""Weights from PyTorch into residua and back, both with strict=True: weightsRoundTrip.py [net …]; not part of the tests.

For each net: torchvision's random weights are written by Python's safetensors, loaded by `residua/node`, saved again in F32, F16
and shards, opened by Python's safetensors, loaded into torchvision with strict=True and compared bit for bit (F16: as rounded by
torch). The logits of `residua run` are compared with torch's. Needs torch, torchvision and safetensors, and a built dist/.
"""

import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch
import torchvision
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from checkZoo import TORCHVISION

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
SAVE_AGAIN = '''
import { init, models } from 'residua';
import { loadWeightsFile, saveWeightsFile } from 'residua/node';
const [net, folder] = process.argv.slice(1);
const engine = await init({ threads: 1 });
const model = models[net]({});
const { missing, unexpected } = await loadWeightsFile(model, `${folder}/torch.safetensors`);
if (missing.length + unexpected.length > 0) throw new Error(`${missing} ${unexpected}`);
await saveWeightsFile(model, `${folder}/f32.safetensors`);
await saveWeightsFile(model, `${folder}/f16.safetensors`, { dtype: 'F16' });
await saveWeightsFile(model, `${folder}/shards.safetensors`, { maxShardBytes: 2e7 });
engine.close();
'''


def make(name):
    options = {'init_weights': True} if name.startswith(('vgg', 'googlenet')) else {}
    return getattr(torchvision.models, name)(weights=None, **options).eval()


def load_shards(index):
    with open(index, encoding='utf-8') as text:
        files = sorted(set(json.load(text)['weight_map'].values()))
    return {key: tensor for file in files for key, tensor in load_file(os.path.join(os.path.dirname(index), file)).items()}


def check(name, folder):
    torch.manual_seed(0)
    net = make(name)
    with torch.no_grad():
        for key, buffer in net.named_buffers():
            if 'running_var' in key:
                buffer.uniform_(0.5, 1.5)
            elif 'running_mean' in key:
                buffer.normal_(0, 0.1)
            else:
                buffer.fill_(7)
    path = lambda file: os.path.join(folder, file)
    save_file(net.state_dict(), path('torch.safetensors'))
    subprocess.run(['node', '--input-type=module', '-e', SAVE_AGAIN, name, folder], check=True, cwd=ROOT)
    for kind, state in (
        ('f32', load_file(path('f32.safetensors'))),
        ('f16', load_file(path('f16.safetensors'))),
        ('shards', load_shards(path('shards.safetensors.index.json'))),
    ):
        other = make(name)
        if kind == 'f16':
            other.half()
        other.load_state_dict(state, strict=True)
        for key, tensor in other.state_dict().items():
            if not torch.equal(tensor, net.state_dict()[key].to(tensor.dtype)):
                raise AssertionError(f'{name}: {kind}: {key}: differs')
    images = torch.randn(1, 3, 96, 96)
    save_file({'input': images.permute(0, 2, 3, 1).contiguous()}, path('in.safetensors'))
    subprocess.run(
        ['node', 'dist/cli.js', 'run', '--model', name, '--weights', path('torch.safetensors'), '--input', path('in.safetensors'),
         '--output', path('out.safetensors'), '--numerics', 'strict'],
        check=True, cwd=ROOT, stdout=subprocess.DEVNULL,
    )
    with safe_open(path('out.safetensors'), 'np') as file:
        logits = file.get_tensor('logits')
    with torch.no_grad():
        truth = net.double()(images.double()).numpy()
    error = np.abs(logits - truth).max() / np.abs(truth).max()
    print(f'{name}: {len(net.state_dict())} tensors, bit for bit both ways; logits off by {error:.2g} of the largest')
    if not error < 5e-6:
        raise AssertionError(f'{name}: logits: off by {error}')


if __name__ == '__main__':
    for name in sys.argv[1:] or TORCHVISION:
        with tempfile.TemporaryDirectory() as folder:
            check(name, folder)

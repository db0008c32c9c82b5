"""Checks `residua run` from outside against PyTorch in f64: checkZoo.py [net …] [--sizes 64x64,224x224] [--seed 0] [--table FILE].

For each network and size: torchvision's own initialisation from the seed, random scales, shifts and running statistics of batch
norms, random images and targets. `residua run` of dist/ gets the files; nothing
else of this repository is used for torchvision's networks, and `goldens/` defines those that torchvision lacks. Measured are
the largest error of a logit over the largest logit in eval mode, the relative error of all gradients as one vector with frozen batch
norm and in train mode, and of single tensors beside torch's own f32, with and without oneDNN. Not part of the tests.
Needs torch, torchvision and a built dist/, and timm for the networks of `goldens/relatives.py`, which are checked where it is there. `--table` puts the rows into a table in that file, in the place of older ones.
"""

import argparse
import json
import os
import re
import struct
import subprocess
import sys
import tempfile

import numpy as np
import torch
import torchvision
from torch.nn import functional as F

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
sys.path.append(os.path.join(ROOT, 'scripts', 'goldens'))
TORCHVISION = (
    'resnet18 resnet34 resnet50 resnet101 resnet152 resnext50_32x4d wide_resnet50_2 densenet121 densenet161 densenet169 '
    'densenet201 vgg11 vgg13 vgg16 vgg19 vgg11_bn vgg13_bn vgg16_bn vgg19_bn alexnet googlenet'
).split()
SMALL = (
    'resnet20 resnet56 resnet110 plain20 plain56 densenet40 densenet_bc100 preact_resnet18 preact_resnet50'
).split()
try:
    from relatives import NETS as RELATIVES
except ImportError:
    RELATIVES = []
DTYPES = {'F32': np.float32, 'F64': np.float64, 'I64': np.int64}
LOGITS = {'strict': 5e-6, 'fast': 2e-5}
FROZEN, ALL, WORST, NEGLIGIBLE = 1e-5, 2, 5, 1e-6
ROUNDING = 2.0**-24


def write_file(path, tensors):
    """A safetensors file of f32 and i64 tensors."""
    arrays = {name: np.array(tensor, order='C') for name, tensor in tensors.items()}
    header, offset = {}, 0
    for name, array in arrays.items():
        kind = {'float32': 'F32', 'int64': 'I64'}[str(array.dtype)]
        header[name] = {'dtype': kind, 'shape': list(array.shape), 'data_offsets': [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header).encode()
    with open(path, 'wb') as out:
        out.write(struct.pack('<Q', len(text)) + text)
        for array in arrays.values():
            out.write(array.tobytes())


def read_file(path):
    """Tensors of a safetensors file in f64."""
    with open(path, 'rb') as file:
        (length,) = struct.unpack('<Q', file.read(8))
        header = json.loads(file.read(length))
        body = file.read()
    header.pop('__metadata__', None)
    return {
        name: np.frombuffer(body[slice(*entry['data_offsets'])], DTYPES[entry['dtype']]).reshape(entry['shape']).astype(np.float64)
        for name, entry in header.items()
    }


def make_net(name):
    if name in TORCHVISION:
        options = {'init_weights': True} if name.startswith(('vgg', 'googlenet')) else {}
        return getattr(torchvision.models, name)(weights=None, **options)
    if name in RELATIVES:
        from relatives import relative
        return relative(name)
    from variants import net_by_name
    return net_by_name(name)


def random_net(name, seed):
    """The net in f32 with dropout off and normalisations and scales that are not as they were made."""
    torch.manual_seed(seed)
    net = make_net(name)
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
            elif isinstance(module, torch.nn.BatchNorm2d):
                module.weight.uniform_(0.5, 1.5)
                module.bias.normal_(0, 0.1)
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 1.5)
            elif isinstance(module, (torch.nn.GroupNorm, torch.nn.LayerNorm)):
                module.weight.uniform_(0.5, 1.5)
                module.bias.normal_(0, 0.1)
            if getattr(module, 'gamma', None) is not None:
                module.gamma.uniform_(0.5, 1.5)
    return net


def loss_of(outputs, target):
    if torch.is_tensor(outputs):
        return F.cross_entropy(outputs, target)
    heads = (outputs.aux_logits1, outputs.aux_logits2)
    return F.cross_entropy(outputs.logits, target) + 0.3 * sum(F.cross_entropy(head, target) for head in heads)


def pass_of(net, state, images, target, dtype, train, mkldnn=True):
    """Logits, loss and gradients of torch, all in f64 arrays."""
    net.load_state_dict(state)
    net = net.to(dtype).train(train)
    net.zero_grad(set_to_none=True)
    with torch.backends.mkldnn.flags(enabled=mkldnn):
        outputs = net(images.to(dtype))
        loss = loss_of(outputs, target)
        loss.backward()
    logits = outputs if torch.is_tensor(outputs) else outputs.logits
    gradients = {key: weight.grad.double().numpy() for key, weight in net.named_parameters() if weight.grad is not None}
    return {'logits': logits.detach().double().numpy(), 'loss': loss.item(), 'gradients': gradients}


def run(name, folder, *flags):
    """What the command line makes of it."""
    path = lambda file: os.path.join(folder, file)
    command = ['node', 'dist/cli.js', 'run', '--model', name, '--weights', path('w.safetensors')]
    command += ['--input', path('in.safetensors'), '--output', path('out.safetensors'), '--json', *flags]
    report = json.loads(subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE).stdout)
    tensors = read_file(path('out.safetensors'))
    logits, loss = tensors.pop('logits'), tensors.pop('loss', None)
    return {'logits': logits, 'loss': None if loss is None else float(loss), 'gradients': tensors, 'report': report}


def logits_error(result, truth):
    return np.abs(result['logits'] - truth['logits']).max() / np.abs(truth['logits']).max()


def gradient_errors(result, truth):
    """Norm of the error of each tensor, and of all over the norm of all."""
    missing = set(truth['gradients']) - set(result['gradients'])
    extra = {key for key in result['gradients'] if key not in truth['gradients'] and np.any(result['gradients'][key])}
    if missing or extra:
        raise AssertionError(f'gradients: missing {sorted(missing)}, not zero but without any in torch {sorted(extra)}')
    each = {key: np.linalg.norm(result['gradients'][key] - value) for key, value in truth['gradients'].items()}
    norm = np.sqrt(sum(np.sum(value**2) for value in truth['gradients'].values()))
    return each, np.sqrt(sum(error**2 for error in each.values())) / norm


def worst_ratio(each, other, truth):
    """The tensor whose error is most times torch's f32's; small ones are compared absolutely."""
    norms = {key: np.linalg.norm(value) for key, value in truth['gradients'].items()}
    floor = NEGLIGIBLE * max(norms.values())
    ratios = {
        key: error / (floor if norms[key] < floor else max(other[key], ROUNDING * norms[key])) for key, error in each.items()
    }
    return max(ratios.items(), key=lambda item: item[1])


def check(name, size, batch, seed):
    """One row of figures."""
    torch.manual_seed(seed + 1)
    images = torch.randn(batch, 3, *size)
    net = random_net(name, seed)
    state = {key: value.clone() for key, value in net.state_dict().items()}
    target = torch.randint(0, 10 if name in SMALL and 'preact' not in name else 1000, (batch,))
    train_modes = [True] if any('running_mean' in key for key in state) else []
    truths = {train: pass_of(net, state, images, target, torch.float64, train) for train in [False, *train_modes]}
    singles = {
        train: [pass_of(net, state, images, target, torch.float32, train, mkldnn) for mkldnn in (True, False)]
        for train in truths
    }
    row = {'torch': {}, 'strict': {}, 'fast': {}}
    with tempfile.TemporaryDirectory() as folder:
        write_file(os.path.join(folder, 'w.safetensors'), {key: value.numpy() for key, value in state.items()})
        inputs = {'input': images.permute(0, 2, 3, 1).numpy(), 'target': target.numpy()}
        write_file(os.path.join(folder, 'in.safetensors'), inputs)
        for numerics in ('strict', 'fast'):
            flags = ['--numerics', numerics]
            results = {False: run(name, folder, '--grad', '--freeze-bn', *flags)}
            if train_modes:
                results[True] = run(name, folder, '--grad', '--train-mode', *flags)
            row[numerics]['eval'] = logits_error(run(name, folder, *flags), truths[False])
            for train, result in results.items():
                mode = 'train' if train else 'frozen'
                each, total = gradient_errors(result, truths[train])
                row[numerics][mode] = total
                row[numerics][f'{mode}Loss'] = abs(result['loss'] / truths[train]['loss'] - 1)
                others = [gradient_errors(single, truths[train]) for single in singles[train]]
                row['torch'][mode] = [other[1] for other in others]
                largest = {key: max(other[0][key] for other in others) for key in each}
                row[numerics][f'{mode}Worst'] = worst_ratio(each, largest, truths[train])
    row['torch']['eval'] = [logits_error(single, truths[False]) for single in singles[False]]
    modes = {mode for mode, _, _ in failures(row)}
    row['moved'] = {
        mode: moved(net, state, images, target, train, truths[train])
        for mode, train in (('frozen', False), ('train', True))
        if mode in modes
    }
    return row


def moved(net, state, images, target, train, truth, draws=6):
    """Change of f64's gradients when weights move by up to two roundings of f32, the largest of some draws: see docs/parity.md."""
    changes = []
    for draw in range(draws):
        random = torch.Generator().manual_seed(draw)
        near = {
            key: value.double() * (1 + 2 * ROUNDING * (2 * torch.rand(value.shape, generator=random) - 1)) if value.dim() > 1 else value
            for key, value in state.items()
        }
        changes.append(gradient_errors(pass_of(net.double(), near, images, target, torch.float64, train), truth)[1])
    return max(changes)


def failures(row):
    """What a row breaks: mode, numerics, error."""
    for numerics, limit in LOGITS.items():
        found, torch_own = row[numerics], row['torch']
        if not found['eval'] <= limit:
            yield 'eval', numerics, found['eval']
        if not max(found['frozen'], found['frozenLoss']) <= FROZEN:
            yield 'frozen', numerics, found['frozen']
        if 'train' in found and not (found['train'] <= ALL * max(torch_own['train']) and found['trainWorst'][1] <= WORST):
            yield 'train', numerics, found['train']


def cells(name, size, row):
    """A row of the table in docs/parity.md."""
    marks = {(mode, numerics) for mode, numerics, _ in failures(row)}
    number = lambda value: f'{value:.1e}'.replace('e-0', 'e-').replace('e+00', '')
    texts = [f'`{name}`', size]
    for mode in ('eval', 'frozen', 'train'):
        for numerics in ('strict', 'fast'):
            found = row[numerics].get(mode)
            texts.append('–' if found is None else number(found) + (' *' if (mode, numerics) in marks else ''))
        own = row['torch'].get(mode)
        texts.append('–' if own is None else number(max(own)))
    texts.append('–' if 'train' not in row['strict'] else f'{row["strict"]["trainWorst"][1]:.1f}')
    texts.append(', '.join(f'{mode} {number(value)}' for mode, value in row['moved'].items()) or '–')
    return f'| {" | ".join(texts)} |'


def write_table(path, rows):
    """Puts rows into the table of a file, in the place of older ones of the same network and size."""
    with open(path, encoding='utf-8') as file:
        lines = file.read().split('\n')
    key = lambda line: tuple(line.split(' | ')[:2])
    start = next(index for index, line in enumerate(lines) if line.startswith('| ---')) + 1
    end = next(index for index in range(start, len(lines)) if not lines[index].startswith('| `'))
    new = {key(line): line for line in [*lines[start:end], *rows]}
    names = TORCHVISION + RELATIVES + SMALL
    order = sorted(new, key=lambda entry: (names.index(entry[0].strip('| `')), int(entry[1].split('x')[0])))
    with open(path, 'w', encoding='utf-8') as file:
        file.write('\n'.join(lines[:start] + [new[entry] for entry in order] + lines[end:]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('nets', nargs='*')
    parser.add_argument('--sizes', default='64x64,224x224')
    parser.add_argument('--batch', type=int, default=2)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--table')
    parser.add_argument('--verbose', action='store_true')
    options = parser.parse_args()
    for name in options.nets or TORCHVISION + RELATIVES + SMALL:
        for size in options.sizes.split(','):
            row = check(name, tuple(int(side) for side in size.split('x')), options.batch, options.seed)
            line = cells(name, size, row)
            print(line, *(f'{mode} {numerics}: {error:.2g}' for mode, numerics, error in failures(row)), sep='\n  ', flush=True)
            if options.verbose:
                print(json.dumps(row), flush=True)
            if options.table:
                write_table(options.table, [line])


if __name__ == '__main__':
    main()

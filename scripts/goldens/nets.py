"""Logits, losses and gradients of torchvision's networks: test/golden/nets/<net>_<h>x<w>_<mode>.safetensors.

Usage: nets.py [net …]. Weights and running statistics are generated; dropout is off. `norm` is 0.5 where branches are summed,
1 elsewhere. Images and targets are noise('<stream>', [N, 3, H, W], 1000). Mode `frozen` uses running statistics, mode `train`
those of the batch (nets with batch norm only). The loss is cross-entropy; GoogLeNet in mode `train` adds 0.3 times that of
either auxiliary head, which have no gradients in mode `frozen`.
"""

import sys

import numpy as np
import torch
import torchvision
from torch.nn import functional as F

from generator import noise
from golden import write_safetensors
from torch_golden import arrays_of, compare, generated, in_four_ways, logits_loss_gradients, streams_by_margin, torch_metadata

NETS = (
    'resnet18 resnet34 resnet50 resnet101 resnet152 resnext50_32x4d wide_resnet50_2 densenet121 densenet161 densenet169 '
    'densenet201 vgg11 vgg13 vgg16 vgg19 vgg11_bn vgg13_bn vgg16_bn vgg19_bn alexnet googlenet'
).split()
# Small images have few units, so that a stream can be found on which none meets a jump; they are for mode `frozen` alone.
SHAPES = {(2, 3, 64, 64): ['frozen'], (2, 3, 97, 65): ['frozen', 'train'], (1, 3, 224, 224): ['frozen', 'train']}
STREAMS = {'frozen': [f'net.{index}' for index in range(32)], 'train': [f'net.{index}' for index in range(4)]}
CLASSES = 1000
# Margins, in deviations of f32's error, beyond which no unit meets a jump and below which many do.
CLEAR, CROWDED = 4.0, 0.5
# Relative error of f32's gradients that shows that no unit met a jump.
EXACT = 2e-6


def norm_of(name):
    return 0.5 if 'resne' in name else 1.0


def make_net(name):
    """The net of torchvision with dropout off."""
    options = {'init_weights': False} if name.startswith(('vgg', 'googlenet')) else {}
    net = getattr(torchvision.models, name)(weights=None, **options)
    for module in net.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    return net


def has_batch_norm(name):
    return name.startswith(('res', 'wide', 'dense', 'goog')) or name.endswith('_bn')


def images_of(stream, shape):
    return torch.tensor(noise(stream, shape, CLASSES)[0])


def loss_of(logits, target):
    if torch.is_tensor(logits):
        return F.cross_entropy(logits, target)
    return F.cross_entropy(logits.logits, target) + 0.3 * (
        F.cross_entropy(logits.aux_logits1, target) + F.cross_entropy(logits.aux_logits2, target)
    )


def compute(name, mode, images, target):
    """f64's results, and f32's in four ways."""

    def run(dtype, memory_format=torch.contiguous_format):
        net = generated(lambda: make_net(name), norm_of(name), dtype).train(mode == 'train').to(memory_format=memory_format)
        x = images.to(dtype).contiguous(memory_format=memory_format)
        return logits_loss_gradients(net, x, torch.tensor(target), loss_of)

    return arrays_of(run(torch.float64)), in_four_ways(lambda memory_format: run(torch.float32, memory_format))


def best(name, shape, mode):
    """A file's arrays and facts, on a stream where f32's error is what it will be for any correct code.

    Mode `frozen`: of the three streams farthest from jumps the one whose f32 gradients are nearest to f64's. Mode `train`: the
    stream farthest from jumps if it is clear of them, or if it meets many; of three the one with the largest error if it
    may meet a few, since with luck all four f32 results meet none.
    """
    ranked = streams_by_margin(
        lambda: make_net(name), norm_of(name), lambda stream: images_of(stream, shape), STREAMS[mode], [mode == 'train'],
    )
    few = CLEAR > ranked[0][0] > CROWDED
    candidates = []
    for margin, stream in ranked[:3 if mode == 'frozen' or few else 1]:
        truth, singles = compute(name, mode, images_of(stream, shape), noise(stream, shape, CLASSES)[1])
        arrays, errors = compare(truth, singles, ['gradients'])
        largest = max(abs(single['logits'] - truth['logits']).max() for single in singles) / abs(truth['logits']).max()
        errors['logitsMax'] = float(f'{largest:.3g}')
        print(name, mode, shape, stream, f'margin {margin:.3g}', errors, flush=True)
        candidates.append((errors['gradients'], arrays, {'stream': stream, 'margin': round(margin, 3), 'f32Error': errors}))
        if mode == 'frozen' and errors['gradients'] < EXACT:
            break
    choose = min if mode == 'frozen' else max
    _, arrays, facts = choose(candidates, key=lambda candidate: candidate[0])
    return arrays, facts


def write(name, shape, mode):
    arrays, facts = best(name, shape, mode)
    write_safetensors(
        f'nets/{name}_{shape[2]}x{shape[3]}_{mode}.safetensors',
        {
            'loss': arrays['loss'],
            'logits': arrays['logits'].astype(np.float32),
            'gradients': arrays['gradients'].astype(np.float32),
        },
        torch_metadata(
            torchvision=torchvision.__version__, net=name, mode=mode, shape=shape, classes=CLASSES, norm=norm_of(name), **facts,
        ),
    )


if __name__ == '__main__':
    for name in sys.argv[1:] or NETS:
        for shape, modes in SHAPES.items():
            for mode in modes if has_batch_norm(name) else ['frozen']:
                write(name, shape, mode)

"""Logits, loss and gradients of small nets: test/golden/smallNets/<name>_<h>x<w>x<c>_<mode>.safetensors.

Usage: small_nets.py [name …]. A name is a network's, or one of `variants.py`, whose options stand in the metadata, or one of
`relatives.py`, which wants timm and is left out where none is named. All values are generated, running statistics too; `norm` is 0.5
where branches are summed, 1 elsewhere. Mode `frozen` uses running statistics, mode `train` those of the batch. The batch is
batch('<stream>', [2, C, H, W], 10).
"""

import sys

import torch

from generator import batch
from golden import write_safetensors
from torch_golden import arrays_of, compare, generated, in_four_ways, logits_loss_gradients, streams_by_margin, torch_metadata
from variants import VARIANTS, net_by_name

BATCH, CLASSES = 2, 10
STREAMS = [f'small.{index}' for index in range(100)]


def modes_of(name):
    """Without batch norm both are one; by the statistics of 2x2 images in 50 layers every stream meets a jump."""
    return ['frozen'] if name in ('vgg13_skips', 'vgg13_gates', 'preact_resnet50_small', 'ecaresnet50d', 'resnet50_gn', 'resnetblur50', 'resnetaa50', 'convnext_atto') else ['frozen', 'train']


def write(name, image):
    channels, height, width = image
    net, options, variant = VARIANTS.get(name, (name, {}, None))
    if name in relatives():
        from relatives import options_of, relative
        options, variant = options_of(name, CLASSES), lambda channels: relative(name, channels, CLASSES)
    norm = 0.5 if 'resnet' in name or 'mobilenet' in name else 1.0
    shape = (BATCH, *image)

    def make():
        return variant(channels) if variant else net_by_name(name, channels)

    ranked = streams_by_margin(make, norm, lambda stream: torch.tensor(batch(stream, shape, CLASSES)[0]), STREAMS)
    margin, stream = ranked[0]
    images, target = batch(stream, shape, CLASSES)
    for mode in modes_of(name):

        def compute(dtype, memory_format=torch.contiguous_format):
            net = generated(make, norm, dtype).train(mode == 'train').to(memory_format=memory_format)
            x = torch.tensor(images, dtype=dtype).contiguous(memory_format=memory_format)
            results = logits_loss_gradients(net, x, torch.tensor(target))
            running = {f'running/{key}': value for key, value in net.named_buffers() if 'running' in key}
            return {**results, **(running if mode == 'train' else {})}

        groups = ['gradients', 'running'] if mode == 'train' else ['gradients']
        truth = arrays_of(compute(torch.float64))
        singles = in_four_ways(lambda memory_format: compute(torch.float32, memory_format))
        arrays, errors = compare(truth, singles, groups)
        facts = torch_metadata(
            net=net, options=options, mode=mode, shape=shape, classes=CLASSES, stream=stream, margin=round(margin, 1) if margin < float('inf') else None, norm=norm, f32Error=errors,
        )
        print(stream, margin, errors)
        write_safetensors(f'smallNets/{name}_{height}x{width}x{channels}_{mode}.safetensors', arrays, facts)


NETS = [
    *[(name, image) for image in ((1, 28, 28), (3, 32, 32)) for name in ('resnet20', 'plain20')],
    *[(name, (3, 16, 16)) for name in ('resnet56', 'densenet40', 'densenet_bc40')],
    *[(name, (3, 32, 32) if name.startswith('vgg') else (3, 16, 16)) for name in VARIANTS],
]



def relatives():
    """Images of relatives.py by name, none where timm is missing."""
    try:
        from relatives import IMAGES
    except ImportError:
        return {}
    return IMAGES


if __name__ == '__main__':
    asked = [(name, image) for name, images in relatives().items() for image in images if name in sys.argv]
    for name, image in [*NETS, *asked]:
        if len(sys.argv) == 1 or name in sys.argv:
            write(name, image)

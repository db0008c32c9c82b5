"""Relatives of ResNet that timm and torchvision have: names, counts and, for small_nets.py, goldens.

Usage: relatives.py writes test/golden/relatives.json, digests of names and shapes as in state_dicts.py. Wants timm 1.0.31 beside
Debian's torch 1.13 and torchvision 0.14, e.g. in a virtual environment with --system-site-packages.
"""

import timm
import torch
import torchvision

from golden import write_json

TORCHVISION = 'resnext101_32x8d resnext101_64x4d wide_resnet101_2'.split()
TIMM = (
    'resnext101_32x4d resnet26 resnet18d resnet26d resnet34d resnet50d resnet101d resnet152d'
).split()
NETS = TORCHVISION + TIMM
# Names and images [C, H, W] of small_nets.py. Deep nets have small images, or some unit meets a jump.
GOLDENS = [
    ('resnet18d', (3, 64, 64)), ('resnet18d', (3, 65, 49)), ('resnet26d', (3, 64, 64)), ('resnet26d', (3, 33, 49)),
]


def relative(name, in_channels=3, num_classes=1000):
    """A network with dropout off, by the name that both it and we have."""
    if name in TORCHVISION:
        net = getattr(torchvision.models, name)(weights=None, num_classes=num_classes)
        if in_channels != 3:
            raise ValueError(f'{name}: {in_channels} channels, but torchvision builds it for 3')
    else:
        net = timm.create_model(name, in_chans=in_channels, num_classes=num_classes)
    for module in net.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    return net


if __name__ == '__main__':
    from state_dicts import facts_of
    versions = {'torchvision': torchvision.__version__, 'timm': timm.__version__}
    write_json('relatives.json', {**versions, 'nets': {name: facts_of(relative(name)) for name in NETS}})

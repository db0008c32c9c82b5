"""Networks of timm and torchvision beside those of nets.py: names, counts and, for small_nets.py, what goldens are made of.

Usage: relatives.py writes test/golden/relatives.json, digests of names and shapes as in state_dicts.py. Wants timm 1.0.31 beside
Debian's torch 1.13 and torchvision 0.14, e.g. in a virtual environment with --system-site-packages.
"""

import timm
import torch
import torchvision

from golden import write_json

TORCHVISION = 'resnext101_32x8d resnext101_64x4d wide_resnet101_2 mobilenet_v2 efficientnet_b0'.split()
TIMM = (
    'resnext101_32x4d resnet26 resnet18d resnet26d resnet34d resnet50d resnet101d resnet152d seresnet18 seresnet34 seresnet50 '
    'seresnet101 seresnet152 seresnext50_32x4d seresnext101_32x4d ecaresnet50d ecaresnet101d resnet50_gn resnetblur18 '
    'resnetblur50 resnetblur50d resnetblur101d resnetaa34d resnetaa50 resnetaa50d resnetaa101d seresnetaa50d seresnextaa101d_32x8d convnext_atto'
).split()
NETS = TORCHVISION + TIMM
# Images [C, H, W] of small_nets.py. Deep nets have small ones, or some unit meets a jump.
IMAGES = {
    'resnet18d': [(3, 64, 64), (3, 65, 49)],
    'resnet26d': [(3, 64, 64), (3, 33, 49)],
    'seresnet18': [(3, 64, 64), (3, 65, 49)],
    'ecaresnet50d': [(3, 64, 64), (3, 33, 49)],
    'resnet50_gn': [(3, 48, 33)],
    'resnetblur18': [(3, 64, 64), (3, 65, 49)],
    'resnetblur50': [(3, 48, 33), (3, 40, 33)],
    'resnetaa50': [(3, 64, 64), (3, 33, 66)],
    'mobilenet_v2': [(3, 48, 48), (3, 33, 49)],
    'efficientnet_b0': [(3, 64, 64), (3, 65, 49)],
    'convnext_atto': [(3, 64, 64), (3, 65, 81)],
}
# Stochastic depth is off in both.
WITHOUT_DROPPING = {'efficientnet_b0': {'stochastic_depth_prob': 0.0}}


def options_of(name, num_classes):
    """Our options of a network that drops nothing."""
    dropout = {'dropout': 0} if name in ('mobilenet_v2', 'efficientnet_b0') else {}
    return {'numClasses': num_classes, **dropout}


def relative(name, in_channels=3, num_classes=1000):
    """A network with dropout off, by the name that both it and we have."""
    if name in TORCHVISION:
        net = getattr(torchvision.models, name)(weights=None, num_classes=num_classes, **WITHOUT_DROPPING.get(name, {}))
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

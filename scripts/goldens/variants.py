"""Networks that torchvision lacks: options of the small-image nets, activation in front, VGG with skips and gates.

Names are ours. A gate is a learned scalar on a branch; a projection is `downsample` or `shortcut`.
"""

import torch
from torch import nn
from torch.nn import functional as F
from torchvision.models.resnet import BasicBlock, ResNet

from densenet_cifar import small_dense_net
from resnet_cifar import small_image_net

VGG_WIDTHS = {
    'vgg11': [[64], [128], [256, 256], [512, 512], [512, 512]],
    'vgg13': [[64, 64], [128, 128], [256, 256], [512, 512], [512, 512]],
}
PREACTIVATION = {'18': ([2, 2, 2, 2], 1), '34': ([3, 4, 6, 3], 1), '50': ([3, 4, 6, 3], 4), '101': ([3, 4, 23, 3], 4)}


class ProjectedBlock(nn.Module):
    """He et al.'s block with a 1x1 projection and its batch norm where shapes differ (B) or always (C), and gates."""

    def __init__(self, in_channels, out_channels, stride, always, gated):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        if always or stride != 1 or in_channels != out_channels:
            projection = nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)
            self.downsample = nn.Sequential(projection, nn.BatchNorm2d(out_channels))
        else:
            self.downsample = nn.Identity()
        if gated:
            self.skip_gate, self.transform_gate = nn.Parameter(torch.ones([])), nn.Parameter(torch.ones([]))
        self.gated = gated

    def forward(self, x):
        y, skip = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))), self.downsample(x)
        return F.relu(self.transform_gate * y + self.skip_gate * skip) if self.gated else F.relu(y + skip)


def projected_resnet20(in_channels, always=False, gated=False):
    net = small_image_net('resnet20', in_channels)
    for stage in (net.layer1, net.layer2, net.layer3):
        for index, block in enumerate(stage):
            conv = block.conv1
            stage[index] = ProjectedBlock(conv.in_channels, conv.out_channels, conv.stride[0], always, gated)
    return net


class PreActivationBlock(nn.Module):
    """He et al. 2016: normalisation and activation before each convolution; a projection takes the activated input."""

    def __init__(self, in_channels, width, expansion, stride):
        super().__init__()
        out_channels = width * expansion
        if expansion == 1:
            kernels = [(in_channels, width, 3, stride), (width, width, 3, 1)]
        else:
            kernels = [(in_channels, width, 1, 1), (width, width, 3, stride), (width, out_channels, 1, 1)]
        for index, (before, after, size, step) in enumerate(kernels, 1):
            self.add_module(f'bn{index}', nn.BatchNorm2d(before))
            self.add_module(f'conv{index}', nn.Conv2d(before, after, size, step, size // 2, bias=False))
        self.count = len(kernels)
        if stride != 1 or in_channels != out_channels:
            self.downsample = nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)
        else:
            self.downsample = None

    def forward(self, x):
        y = activated = F.relu(self.bn1(x))
        for index in range(1, self.count + 1):
            y = self.get_submodule(f'conv{index}')(y if index == 1 else F.relu(self.get_submodule(f'bn{index}')(y)))
        return y + (x if self.downsample is None else self.downsample(activated))


class PreActivationResNet(nn.Module):
    """Without a normalisation behind the first convolution, with one behind the last sum."""

    def __init__(self, blocks, expansion, small, in_channels, num_classes):
        super().__init__()
        geometry = (3, 1, 1) if small else (7, 2, 3)
        self.conv1 = nn.Conv2d(in_channels, 64, *geometry, bias=False)
        channels = 64
        for stage, count in enumerate(blocks):
            width = 64 << stage
            layers = []
            for index in range(count):
                layers.append(PreActivationBlock(channels, width, expansion, 2 if stage > 0 and index == 0 else 1))
                channels = width * expansion
            self.add_module(f'layer{stage + 1}', nn.Sequential(*layers))
        self.norm = nn.BatchNorm2d(channels)
        self.fc = nn.Linear(channels, num_classes)
        self.small = small

    def forward(self, x):
        y = self.conv1(x)
        y = y if self.small else F.max_pool2d(y, 3, 2, 1)
        y = self.layer4(self.layer3(self.layer2(self.layer1(y))))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(F.relu(self.norm(y)), 1), 1))


class Skip(nn.Module):
    """relu(transform_gate * body(x) + skip_gate * shortcut(x)), the gates where asked for."""

    def __init__(self, body, in_channels, out_channels, gated):
        super().__init__()
        if gated:
            self.skip_gate, self.transform_gate = nn.Parameter(torch.ones([])), nn.Parameter(torch.ones([]))
        self.body, self.gated = body, gated
        self.shortcut = nn.Identity() if in_channels == out_channels else nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x):
        y, skip = self.body(x), self.shortcut(x)
        return F.relu(self.transform_gate * y + self.skip_gate * skip) if self.gated else F.relu(y + skip)


class SmallVGG(nn.Module):
    """VGG for small images: one linear layer behind 1x1 features; `skips` are pairs of convolutions counted from 1."""

    def __init__(self, name, in_channels, batch_norm=False, skips=(), gated=False):
        super().__init__()
        layers, channels, number, skips = [], in_channels, 1, dict(skips)
        for stage in VGG_WIDTHS[name]:
            index = 0
            while index < len(stage):
                count = skips.get(number, number) - number + 1
                body, before = [], channels
                for width in stage[index:index + count]:
                    body += [nn.ReLU()] if body else []
                    body += [nn.Conv2d(channels, width, 3, 1, 1)] + ([nn.BatchNorm2d(width)] if batch_norm else [])
                    channels = width
                layers += [Skip(nn.Sequential(*body), before, channels, gated)] if number in skips else [*body, nn.ReLU()]
                index, number = index + count, number + count
            layers.append(nn.MaxPool2d(2, 2))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Linear(512, 10))

    def forward(self, x):
        return self.classifier(torch.flatten(F.adaptive_avg_pool2d(self.features(x), 1), 1))


def small_resnet18(in_channels):
    net = ResNet(BasicBlock, [2, 2, 2, 2], num_classes=10)
    net.conv1, net.maxpool = nn.Conv2d(in_channels, 64, 3, 1, 1, bias=False), nn.Identity()
    return net


def preactivation_resnet(depth, small, in_channels):
    return PreActivationResNet(*PREACTIVATION[depth], small, in_channels, 10 if small else 1000)


# By golden name: the network, its options here, and how torch makes it.
VARIANTS = {
    'resnet20_projections': ('resnet20', {'shortcuts': 'B'}, projected_resnet20),
    'resnet20_gates': (
        'resnet20', {'shortcuts': 'C', 'gate': 'both'}, lambda channels: projected_resnet20(channels, always=True, gated=True),
    ),
    'resnet18_small': ('resnet18', {'stem': 'cifar'}, small_resnet18),
    'preact_resnet18_small': ('preact_resnet18', {'stem': 'cifar'}, lambda channels: preactivation_resnet('18', True, channels)),
    'preact_resnet50_small': ('preact_resnet50', {'stem': 'cifar'}, lambda channels: preactivation_resnet('50', True, channels)),
    'vgg13_skips': (
        'vgg13', {'stem': 'cifar', 'skips': [[9, 10]]}, lambda channels: SmallVGG('vgg13', channels, skips=[(9, 10)]),
    ),
    'vgg13_gates': (
        'vgg13', {'stem': 'cifar', 'skips': [[9, 10]], 'gate': 'both'},
        lambda channels: SmallVGG('vgg13', channels, skips=[(9, 10)], gated=True),
    ),
    'vgg11_bn_skips': (
        'vgg11_bn', {'stem': 'cifar', 'skips': [[3, 4], [5, 6]]},
        lambda channels: SmallVGG('vgg11', channels, batch_norm=True, skips=[(3, 4), (5, 6)]),
    ),
}


def net_by_name(name, in_channels=3):
    """A network that torchvision lacks, as `models` and the command line name it."""
    if name.startswith('preact_resnet'):
        return preactivation_resnet(name[len('preact_resnet'):], False, in_channels)
    return (small_dense_net if name.startswith('dense') else small_image_net)(name, in_channels)

"""DenseNets for small images (Huang et al. 2017, table 2) under torchvision's names."""

import re
from collections import OrderedDict

import torch
from torch import nn
from torch.nn import functional as F


class DenseLayer(nn.Module):
    """BN-ReLU-3x3, or BN-ReLU-1x1-BN-ReLU-3x3 with a bottleneck four times as wide as the growth."""

    def __init__(self, channels, growth, bottleneck):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels)
        width = 4 * growth
        if bottleneck:
            self.conv1 = nn.Conv2d(channels, width, 1, bias=False)
            self.norm2 = nn.BatchNorm2d(width)
            self.conv2 = nn.Conv2d(width, growth, 3, 1, 1, bias=False)
        else:
            self.conv1 = nn.Conv2d(channels, growth, 3, 1, 1, bias=False)
        self.bottleneck = bottleneck

    def forward(self, x):
        y = self.conv1(F.relu(self.norm1(x)))
        if self.bottleneck:
            y = self.conv2(F.relu(self.norm2(y)))
        return torch.cat([x, y], 1)


class Transition(nn.Module):
    """BN-ReLU-1x1, then 2x2 average pooling."""

    def __init__(self, channels, kept):
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)
        self.conv = nn.Conv2d(channels, kept, 1, bias=False)

    def forward(self, x):
        return F.avg_pool2d(self.conv(F.relu(self.norm(x))), 2)


class CifarDenseNet(nn.Module):
    """depth = 3n + 4, or 6n + 4 with bottlenecks and transitions that halve the channels (BC): three blocks of n layers."""

    def __init__(self, depth, growth, bc, in_channels=3, num_classes=10):
        super().__init__()
        layers, rest = divmod(depth - 4, 6 if bc else 3)
        if rest:
            raise ValueError(f'CifarDenseNet: depth: {depth} does not fit')
        channels = 2 * growth if bc else 16
        features = OrderedDict(conv0=nn.Conv2d(in_channels, channels, 3, 1, 1, bias=False))
        for block in (1, 2, 3):
            dense = OrderedDict(
                (f'denselayer{layer + 1}', DenseLayer(channels + layer * growth, growth, bc)) for layer in range(layers)
            )
            features[f'denseblock{block}'] = nn.Sequential(dense)
            channels += layers * growth
            if block < 3:
                kept = channels // 2 if bc else channels
                features[f'transition{block}'] = Transition(channels, kept)
                channels = kept
        features['norm4'] = nn.BatchNorm2d(channels)
        self.features = nn.Sequential(features)
        self.classifier = nn.Linear(channels, num_classes)

    def forward(self, x):
        return self.classifier(torch.flatten(F.adaptive_avg_pool2d(F.relu(self.features(x)), 1), 1))


def small_dense_net(name, in_channels=3):
    """'densenet40', 'densenet_bc100', 'densenet_bc250_k24', …; the growth is 12 if not said."""
    bc, depth, growth = re.fullmatch(r'densenet(_bc)?(\d+)(?:_k(\d+))?', name).groups()
    return CifarDenseNet(int(depth), int(growth or 12), bc is not None, in_channels)

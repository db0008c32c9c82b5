"""ResNets for small images (He et al. 2015, section 4.2) and the same nets without shortcuts, under torchvision's names."""

import re

import torch
from torch import nn
from torch.nn import functional as F


class BasicBlock(nn.Module):
    """Two 3x3 convolutions; shortcut A: subsampling, and zero channels half before and half after."""

    def __init__(self, in_channels, out_channels, stride, shortcut):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.stride, self.missing, self.shortcut = stride, out_channels - in_channels, shortcut

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if not self.shortcut:
            return F.relu(y)
        before = self.missing // 2
        identity = F.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, before, self.missing - before))
        return F.relu(y + identity)


class CifarResNet(nn.Module):
    """depth = 6n + 2: three stages of n blocks with 16, 32 and 64 channels."""

    def __init__(self, depth, shortcut=True, in_channels=3, num_classes=10):
        super().__init__()
        blocks, rest = divmod(depth - 2, 6)
        if rest:
            raise ValueError(f'CifarResNet: depth: {depth} is not 6n + 2')
        self.conv1 = nn.Conv2d(in_channels, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = self.stage(16, 16, blocks, 1, shortcut)
        self.layer2 = self.stage(16, 32, blocks, 2, shortcut)
        self.layer3 = self.stage(32, 64, blocks, 2, shortcut)
        self.fc = nn.Linear(64, num_classes)

    @staticmethod
    def stage(in_channels, out_channels, blocks, stride, shortcut):
        first = BasicBlock(in_channels, out_channels, stride, shortcut)
        return nn.Sequential(first, *(BasicBlock(out_channels, out_channels, 1, shortcut) for _ in range(blocks - 1)))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.layer3(self.layer2(self.layer1(y)))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(y, 1), 1))


def small_image_net(name, in_channels=3):
    """'resnet20', 'plain56', …"""
    kind, depth = re.fullmatch(r'(resnet|plain)(\d+)', name).groups()
    return CifarResNet(int(depth), kind == 'resnet', in_channels)

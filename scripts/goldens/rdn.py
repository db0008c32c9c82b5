"""The residual dense network for super-resolution (Zhang et al. 2018, arXiv:1802.08797) with our names."""

import torch
from torch import nn


def spatial(before, after):
    return nn.Conv2d(before, after, 3, padding=1)


class Layer(nn.Module):
    """x and what a convolution and ReLU make of it."""

    def __init__(self, before, growth):
        super().__init__()
        self.body = nn.Sequential(spatial(before, growth), nn.ReLU())

    def forward(self, x):
        return torch.cat([x, self.body(x)], 1)


class Block(nn.Module):
    """Dense layers fused by a 1x1 convolution, and x added."""

    def __init__(self, width, growth, layers):
        super().__init__()
        dense = [Layer(width + index * growth, growth) for index in range(layers)]
        self.body = nn.Sequential(*dense, nn.Conv2d(width + layers * growth, width, 1))

    def forward(self, x):
        return self.body(x) + x


class ResidualDenseNet(nn.Module):
    def __init__(self, scale, blocks, layers, growth, width, channels=3):
        super().__init__()
        self.sfe1, self.sfe2 = spatial(channels, width), spatial(width, width)
        self.rdbs = nn.Sequential(*[Block(width, growth, layers) for _ in range(blocks)])
        self.gff = nn.Sequential(nn.Conv2d(blocks * width, width, 1), spatial(width, width))
        steps = [2, 2] if scale == 4 else [scale]
        self.upscale = nn.Sequential(
            *[layer for step in steps for layer in (spatial(width, width * step**2), nn.PixelShuffle(step))],
        )
        self.output = spatial(width, channels)

    def forward(self, x):
        shallow = self.sfe1(x)
        y, outputs = self.sfe2(shallow), []
        for block in self.rdbs:
            y = block(y)
            outputs.append(y)
        return self.output(self.upscale(self.gff(torch.cat(outputs, 1)) + shallow))

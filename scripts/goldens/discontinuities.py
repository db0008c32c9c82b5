"""How near a forward pass comes to a kink of ReLU or a tie of max pooling, where gradients jump.

A unit whose f64 value lies within the rounding error of f32 may fall on the other side in f32, and then gradients differ by
far more than rounding. Scripts choose the stream of their inputs so that the margin is large.
"""

from contextlib import contextmanager

import numpy as np
import torch
from torch.nn import functional as F


def gaps(x, kernel, stride, padding, output):
    """Difference of the two largest values of each pooling window, infinite where they are equal.

    Equal ones are zeros that ReLU made, or one value that an earlier pooling copied: equal in every precision.
    """
    kernel, stride, padding = (value if isinstance(value, tuple) else (value, value) for value in (kernel, stride, padding))
    x = F.pad(x, (padding[1], kernel[1] + stride[1], padding[0], kernel[0] + stride[0]), value=-float('inf'))
    windows = x.unfold(2, kernel[0], stride[0]).unfold(3, kernel[1], stride[1])[:, :, :output[2], :output[3]]
    top = windows.flatten(4).topk(2).values
    gap = top[..., 0] - top[..., 1]
    return torch.where(gap > 0, gap, torch.full_like(gap, float('inf')))


@contextmanager
def recording(keep):
    """Calls keep(x, distance) for every input of ReLU, ReLU6 and max pooling."""
    relu, hardtanh, max_pool2d = F.relu, F.hardtanh, F.max_pool2d

    def watched_relu(x, inplace=False):
        keep(x.detach(), x.detach().abs())
        return relu(x, inplace=False)

    def watched_hardtanh(x, low=-1.0, high=1.0, inplace=False):
        keep(x.detach(), torch.minimum((x.detach() - low).abs(), (x.detach() - high).abs()))
        return hardtanh(x, low, high, inplace=False)

    def watched_pool(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
        y = max_pool2d(x, kernel_size, stride, padding, dilation, ceil_mode)
        keep(x.detach(), gaps(x.detach(), kernel_size, kernel_size if stride is None else stride, padding, y.shape))
        return y

    F.relu, F.hardtanh, F.max_pool2d = watched_relu, watched_hardtanh, watched_pool
    try:
        yield
    finally:
        F.relu, F.hardtanh, F.max_pool2d = relu, hardtanh, max_pool2d


def margins(forward):
    """Smallest distance to a jump over the deviation of its tensor, by call."""
    found = []
    with torch.no_grad(), recording(lambda x, distance: found.append(float(distance.min() / x.std()))):
        forward()
    return np.array(found)


def errors(forward64, forward32):
    """Deviation of f32's error over the deviation of the tensor, by call."""
    truths, found = [], []
    with torch.no_grad(), recording(lambda x, _: truths.append(x)):
        forward64()

    def compare(x, _):
        truth = truths[len(found)]
        found.append(float((x.double() - truth).std() / truth.std()))

    with torch.no_grad(), recording(compare):
        forward32()
    return np.array(found)


def ranked_streams(streams, forwards64, forwards32, images_of):
    """(margin, stream) from the largest margin down: how far the images of a stream stay from jumps, in units of f32's error.

    A net without jumps takes the first stream.

    `forwards64` and `forwards32` are lists of functions of images; images_of(stream) gives f32 images.
    """
    first = images_of(streams[0])
    noise = [
        errors(lambda: forward64(first.double()), lambda: forward32(first))
        for forward64, forward32 in zip(forwards64, forwards32)
    ]

    if not any(error.size for error in noise):
        return [(float('inf'), streams[0])]

    def margin(images):
        return min(float((margins(lambda: forward(images)) / error).min()) for forward, error in zip(forwards64, noise))

    return sorted(((margin(images_of(stream).double()), stream) for stream in streams), reverse=True)

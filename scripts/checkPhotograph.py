"""A photograph through large networks on the command line: checkPhotograph.py PICTURE [net …]; not part of the tests.

The picture is resized to 256 pixels on its shorter side and cropped to 224x224 as torchvision does; weights are torchvision's random ones.
Printed are the class with the largest logit beside PyTorch's, seconds of the whole process, and how far the WASM memory grew
beside what the plan said (at most 2 % apart), with the memory of the process. Needs torch, torchvision, PIL and a built dist/.
"""

import argparse
import os
import tempfile
import time

import numpy as np
import torch
from PIL import Image
from torchvision import transforms

from checkZoo import random_net, run, write_file

NETS = ('resnet50', 'densenet121', 'resnet152', 'densenet201')
LIMIT = 0.02
PREPARE = transforms.Compose([
    transforms.Resize(256),
    transforms.CenterCrop(224),
    transforms.ToTensor(),
    transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
])


def check(name, image, numerics):
    """A row of the table."""
    net = random_net(name, 0).double().eval()
    with torch.no_grad():
        truth = net(image[None].double()).numpy()[0]
    with tempfile.TemporaryDirectory() as folder:
        state = {key: value.float() if value.is_floating_point() else value for key, value in net.state_dict().items()}
        write_file(os.path.join(folder, 'w.safetensors'), {key: value.numpy() for key, value in state.items()})
        write_file(os.path.join(folder, 'in.safetensors'), {'input': image[None].permute(0, 2, 3, 1).numpy()})
        start = time.monotonic()
        result = run(name, folder, '--numerics', numerics)
        seconds = time.monotonic() - start
    report, logits = result['report'], result['logits'][0]
    error = np.abs(logits - truth).max() / np.abs(truth).max()
    apart = report['wasmBytes'] / report['plannedBytes'] - 1
    if abs(apart) > LIMIT or logits.argmax() != truth.argmax():
        raise AssertionError(f'{name}: {numerics}: class {logits.argmax()}, PyTorch {truth.argmax()}; memory {apart:.2%} off the plan')
    megabytes = lambda value: f'{value / 1e6:.0f} MB'
    sizes = [megabytes(value) for value in (report['plannedBytes'], report['wasmBytes'], report['processBytes'])]
    return f'| `{name}` | {numerics} | {error:.1e} | {seconds:.1f} s | {" | ".join(sizes)} | {apart:+.2%} |'


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('picture')
    parser.add_argument('nets', nargs='*')
    options = parser.parse_args()
    image = PREPARE(Image.open(options.picture).convert('RGB'))
    print('| network | numerics | logits | time | plan | WASM memory | process | apart |')
    print('| --- | --- | --- | --- | --- | --- | --- | --- |')
    for name in options.nets or NETS:
        for numerics in ('strict', 'fast'):
            print(check(name, image, numerics), flush=True)


if __name__ == '__main__':
    main()

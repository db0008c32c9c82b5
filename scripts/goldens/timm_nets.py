"""Networks of timm under its own names: test/golden/timm.safetensors.

Metadata: `names`, state-dict names and shapes by network; `norm` and `stream` as in small_nets.py. Arrays: logits of resnetv2_18
in f64 for the batch of `stream`, [2, 3, 64, 64], with generated weights, 10 classes. timm 1.0.31 (pip install --no-deps timm)
with Debian's torch 1.13.
"""

import timm
import torch

from generator import noise
from golden import write_safetensors
from torch_golden import generated, shapes_of, torch_metadata

NORM = 0.5
STREAM = 'timm'
LISTED = ('vgg11', 'vgg11_bn', 'resnetv2_18', 'resnetv2_50')


def main():
    names = {name: shapes_of(timm.create_model(name, num_classes=10)) for name in LISTED}
    net = generated(lambda: timm.create_model('resnetv2_18', num_classes=10), NORM, torch.float64).eval()
    images, _ = noise(STREAM, (2, 3, 64, 64), 1000)
    with torch.no_grad():
        logits = net(torch.tensor(images, dtype=torch.float64))
    write_safetensors(
        'timm.safetensors', {'logits': logits.numpy()}, torch_metadata(timm=timm.__version__, norm=NORM, stream=STREAM, names=names),
    )


if __name__ == '__main__':
    main()

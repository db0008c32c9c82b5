"""Networks of timm under its own names: test/golden/timm.safetensors and timmMobile.safetensors.

Metadata: `names`, state-dict names and shapes by network; `norm` and `stream` as in small_nets.py. Arrays: logits of resnetv2_18
in f64 for the batch of `stream`, [2, 3, 64, 64], with generated weights, 10 classes; of the networks in timmMobile each by its name,
for [2, 3, 48, 33]. timm 1.0.31 (pip install --no-deps timm)
with Debian's torch 1.13.
"""

import timm
import torch

from generator import noise
from golden import write_safetensors
from torch_golden import generated, shapes_of, torch_metadata

NORM = 0.5
STREAM = 'timm'
MOBILE = ('efficientnet_b0', 'tf_efficientnet_b0', 'mobilenetv2_100')
LISTED = ('vgg11', 'vgg11_bn', 'resnetv2_18', 'resnetv2_50')


def logits_of(name, size):
    net = generated(lambda: timm.create_model(name, num_classes=10), NORM, torch.float64).eval()
    images, _ = noise(STREAM, (2, 3, *size), 1000)
    with torch.no_grad():
        return net(torch.tensor(images, dtype=torch.float64)).numpy()


def main():
    names = {name: shapes_of(timm.create_model(name, num_classes=10)) for name in LISTED}
    facts = {'timm': timm.__version__, 'norm': NORM, 'stream': STREAM}
    logits = logits_of('resnetv2_18', (64, 64))
    write_safetensors('timm.safetensors', {'logits': logits}, torch_metadata(**facts, names=names))
    # tf_efficientnet_b0 has the names of efficientnet_b0, but TensorFlow's padding and epsilon.
    names = {name: shapes_of(timm.create_model(name, num_classes=10)) for name in MOBILE if not name.startswith('tf_')}
    logits = {name: logits_of(name, (48, 33)) for name in MOBILE}
    write_safetensors('timmMobile.safetensors', logits, torch_metadata(**facts, names=names))


if __name__ == '__main__':
    main()

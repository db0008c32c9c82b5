"""Networks whose outputs are images: test/golden/denseOutputs/<name>_<h>x<w>_<mode>.safetensors.

Usage: dense_outputs.py [name …]. U-Net is segmentation_models_pytorch's (0.6, with timm 1.0.31 and Debian's torch 1.13 in a
virtual environment with --system-site-packages), the residual dense net is rdn.py's. All values are generated, `norm` is 0.5. The
batch is batch('<stream>', [2, C, H, W], 10), of which the labels are not used; the loss is the mean of y * dy for
dy = uniform('<stream>.dy', shape of y). Arrays: y's digest (`outputs`, of one tensor, `y`), loss, digests of gradients.
"""

import sys

import torch

from generator import batch, uniform
from golden import write_safetensors
from rdn import ResidualDenseNet
from torch_golden import arrays_of, compare, generated, in_four_ways, streams_by_margin, torch_metadata

NORM, CLASSES = 0.5, 2
STREAMS = [f'dense.{index}' for index in range(40)]
RDN = {'blocks': 2, 'layers': 3, 'growth': 8, 'width': 16}


def unet(encoder):
    import segmentation_models_pytorch as smp
    net = smp.Unet(encoder, encoder_weights=None, classes=CLASSES)
    # Sizes that 32 does not divide are refused, though the decoder takes them.
    net.check_input_shape = lambda x: None
    return net


# By name: our options, how torch makes it, sizes and modes.
NETS = {
    'unet_resnet18': ({'numClasses': CLASSES}, lambda: unet('resnet18'), [(64, 64), (33, 49)], ['frozen', 'train']),
    **{
        f'rdn_x{scale}': ({**RDN, 'scale': scale}, lambda scale=scale: ResidualDenseNet(**RDN, scale=scale), [(7, 5)], ['frozen'])
        for scale in (2, 3, 4)
    },
}


def write(name, size, mode):
    options, make, _, _ = NETS[name]
    shape = (2, 3, *size)
    modes = [mode == 'train']
    ranked = streams_by_margin(make, NORM, lambda stream: torch.tensor(batch(stream, shape, 10)[0]), STREAMS, modes)
    margin, stream = ranked[0]
    images = batch(stream, shape, 10)[0]

    def compute(dtype, memory_format=torch.contiguous_format):
        net = generated(make, NORM, dtype).train(mode == 'train').to(memory_format=memory_format)
        y = net(torch.tensor(images, dtype=dtype).contiguous(memory_format=memory_format))
        dy = torch.tensor(uniform(f'{stream}.dy', tuple(y.shape)), dtype=dtype)
        loss = (y * dy).mean()
        loss.backward()
        gradients = {f'gradients/{key}': weight.grad for key, weight in net.named_parameters()}
        return {'outputs/y': y, 'loss': loss, **gradients}

    truth = arrays_of(compute(torch.float64))
    singles = in_four_ways(lambda memory_format: compute(torch.float32, memory_format))
    arrays, errors = compare(truth, singles, ['outputs', 'gradients'])
    print(name, size, mode, stream, f'margin {margin:.3g}', errors, flush=True)
    facts = torch_metadata(
        net=name, options=options, mode=mode, shape=shape, outputs=truth['outputs/y'].shape, norm=NORM, stream=stream, f32Error=errors,
    )
    write_safetensors(f'denseOutputs/{name}_{size[0]}x{size[1]}_{mode}.safetensors', arrays, facts)


if __name__ == '__main__':
    for name, (_, _, sizes, modes) in NETS.items():
        for size in sizes:
            for mode in modes:
                if len(sys.argv) == 1 or name in sys.argv:
                    write(name, size, mode)

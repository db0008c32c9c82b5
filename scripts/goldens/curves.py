"""Ten training steps of small nets: test/golden/curves/<net>_<h>x<w>x<c>.safetensors.

Batch norm starts fresh, the other parameters are generated; batch `s` is batch('batch.<s>', …, 10). SGD with momentum 0.9,
learning rate 0.01, no weight decay. Stored from f64: losses, logits before and after, and digests of the gradients, the
running statistics and the parameters.
"""

import torch
from torch.nn import functional as F

from generator import batch, state_dict
from golden import digests, relative_error, total_error, write_safetensors
from resnet_cifar import small_image_net
from torch_golden import in_both, load, torch_metadata

BATCH, STEPS, LR, MOMENTUM = 32, 10, 0.01, 0.9


def run(name, image, dtype):
    """Trains; returns arrays by name, dictionaries of tensors flattened as <group>/<tensor>."""
    net = small_image_net(name, image[0])
    load(net, state_dict(shapes_of(net), 'fresh'), dtype)
    optimizer = torch.optim.SGD(net.parameters(), LR, MOMENTUM)
    batches = [batch(f'batch.{step}', (BATCH, *image), 10) for step in range(STEPS)]
    first = torch.tensor(batches[0][0], dtype=dtype)
    results, losses = {}, []

    def keep(group, tensors):
        results.update({f'{group}/{key}': tensor.detach().clone() for key, tensor in tensors})

    with torch.no_grad():
        results['logits/eval0'] = net.eval()(first)
    net.train()
    for step, (images, target) in enumerate(batches):
        logits = net(torch.tensor(images, dtype=dtype))
        loss = F.cross_entropy(logits, torch.tensor(target))
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.detach())
        if step == 0:
            results['logits/train0'] = logits
            keep('gradients0', ((key, parameter.grad) for key, parameter in net.named_parameters()))
            keep('running1', ((key, buffer) for key, buffer in net.named_buffers() if 'running' in key))
        optimizer.step()
    keep('parameters10', net.named_parameters())
    with torch.no_grad():
        results['logits/eval10'] = net.eval()(first)
    return {'loss': torch.stack(losses), **results}


def shapes_of(net):
    return {key: tuple(value.shape) for key, value in net.state_dict().items() if value.is_floating_point()}


def group_of(results, group):
    return {key[len(group) + 1:]: value for key, value in results.items() if key.startswith(f'{group}/')}


def write(name, image):
    truth, single = in_both(lambda dtype: run(name, image, dtype))
    arrays = {'loss': truth['loss'], 'loss.f32': single['loss']}
    errors = {'loss': [relative_error(*pair) for pair in zip(single['loss'], truth['loss'])]}
    for key in ('logits/eval0', 'logits/train0', 'logits/eval10'):
        arrays[key] = truth[key]
        errors[key] = relative_error(single[key], truth[key])
    for group in ('gradients0', 'running1', 'parameters10'):
        arrays[group] = digests(group_of(truth, group), group_of(single, group))
        errors[group] = total_error(group_of(truth, group), group_of(single, group))
    channels, height, width = image
    facts = torch_metadata(
        net=name, image=image, classes=10, batch=BATCH, steps=STEPS, lr=LR, momentum=MOMENTUM, norm='fresh', f32Error=errors,
    )
    write_safetensors(f'curves/{name}_{height}x{width}x{channels}.safetensors', arrays, facts)


if __name__ == '__main__':
    for image in ((1, 28, 28), (3, 32, 32)):
        for name in ('resnet20', 'plain20'):
            write(name, image)

"""What the PyTorch scripts share: both precisions of one computation, and digests of a net's gradients."""

import torch
from torch.nn import functional as F

from discontinuities import ranked_streams
from generator import state_dict
from golden import digests, metadata, relative_error, total_error

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)

PRECISIONS = {'f64': torch.float64, 'f32': torch.float32}


def torch_metadata(**facts):
    return metadata(torch=torch.__version__, **facts)


def arrays_of(tensors):
    """Copies of tensors as numpy arrays."""
    return {name: tensor.detach().clone(memory_format=torch.contiguous_format).numpy() for name, tensor in tensors.items()}


def in_both(compute):
    """compute(dtype) -> dict of tensors, run in f64 and in f32; returns both as dicts of numpy arrays."""
    return [arrays_of(compute(dtype)) for dtype in PRECISIONS.values()]


def in_four_ways(compute):
    """compute(memory_format) in f32 by PyTorch's four ways to a convolution: with and without oneDNN, channels first and last.

    One f32 result can be near the truth by luck: no unit happened to fall on the wrong side of a ReLU.
    """
    results = []
    for enabled in (True, False):
        for memory_format in (torch.contiguous_format, torch.channels_last):
            with torch.backends.mkldnn.flags(enabled=enabled):
                results.append(arrays_of(compute(memory_format)))
    return results


def shapes_of(net):
    """Shapes of the float entries of a net's state dict."""
    return {name: tuple(value.shape) for name, value in net.state_dict().items() if value.is_floating_point()}


def generated(make, norm, dtype):
    """make() with generated values."""
    net = make().to(dtype)
    values = state_dict(shapes_of(net), norm)
    missing, unexpected = net.load_state_dict({name: torch.tensor(value) for name, value in values.items()}, strict=False)
    missing = [name for name in missing if not name.endswith('num_batches_tracked')]
    if missing or unexpected:
        raise ValueError(f'generated: load: missing {missing}, unexpected {unexpected}')
    return net


def group_of(results, group):
    """The entries <group>/<name> of a dict as name -> value."""
    return {name[len(group) + 1:]: value for name, value in results.items() if name.startswith(f'{group}/')}


def compare(truth, singles, groups):
    """Arrays for a golden file, f64 values or digests of `groups`, and the relative errors of f32 by array.

    With several f32 results each error is the largest of theirs.
    """
    arrays, errors = {}, {}
    for name in truth:
        if '/' not in name:
            arrays[name] = truth[name]
            errors[name] = max(relative_error(single[name], truth[name]) for single in singles)
    for group in groups:
        members = [group_of(single, group) for single in singles]
        arrays[group] = digests(group_of(truth, group), members)
        errors[group] = max(total_error(group_of(truth, group), member) for member in members)
    return arrays, {name: float(f'{error:.3g}') for name, error in errors.items()}


def logits_loss_gradients(net, images, target, loss_of=F.cross_entropy):
    """One forward and backward pass in the net's present mode."""
    net.zero_grad(set_to_none=True)
    logits = net(images)
    loss = loss_of(logits, target)
    loss.backward()
    gradients = {
        f'gradients/{name}': parameter.grad for name, parameter in net.named_parameters() if parameter.grad is not None
    }
    return {'logits': logits if torch.is_tensor(logits) else logits[0], 'loss': loss, **gradients}


def streams_by_margin(make, norm, images_of, streams, modes=(False, True)):
    """ranked_streams for a net in eval and train mode."""
    both = [generated(make, norm, dtype) for dtype in PRECISIONS.values()]

    def forwards(net):
        return [lambda images, mode=mode: net.train(mode)(images) for mode in modes]

    return ranked_streams(streams, *(forwards(net) for net in both), images_of)

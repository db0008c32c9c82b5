"""What the PyTorch scripts share: both precisions of one computation."""

import torch

from golden import metadata

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)

PRECISIONS = {'f64': torch.float64, 'f32': torch.float32}


def torch_metadata(**facts):
    return metadata(torch=torch.__version__, **facts)


def in_both(compute):
    """compute(dtype) -> dict of tensors, run in f64 and in f32; returns both as dicts of numpy arrays."""
    results = []
    for dtype in PRECISIONS.values():
        results.append({name: tensor.detach().numpy() for name, tensor in compute(dtype).items()})
    return results


def load(net, values, dtype):
    """Gives a module its generated values, strictly but for `num_batches_tracked`, and turns it to `dtype`."""
    net.to(dtype)
    missing, unexpected = net.load_state_dict({name: torch.tensor(value, dtype=dtype) for name, value in values.items()}, strict=False)
    missing = [name for name in missing if not name.endswith('num_batches_tracked')]
    if missing or unexpected:
        raise ValueError(f'load: missing {missing}, unexpected {unexpected}')

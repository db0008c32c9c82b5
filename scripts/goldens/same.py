"""Convolutions and max pools with padding 'same' and dilation: test/golden/same.safetensors.

Arrays are f64 in torch's layout, <case>/y; inputs are uniform('same/<case>/x', ...) and uniform('same/<case>/w', ...). The
metadata entry `cases` has the shapes and options. PyTorch pools know no 'same': the image is padded by minus infinity as
`nn.Conv2d` pads by zeros for 'same', (size - 1) * dilation in all, the odd one after.
"""

import torch
import torch.nn.functional as F

from generator import uniform
from golden import write_safetensors
from torch_golden import torch_metadata

CASES = {
    'conv': {'x': (2, 3, 7, 6), 'kernelSize': [3, 3], 'dilation': [2, 2]},
    'convEven': {'x': (1, 3, 6, 9), 'kernelSize': [2, 4], 'dilation': [3, 1]},
    'convBeyond': {'x': (1, 2, 3, 2), 'kernelSize': [3, 5], 'dilation': [4, 3]},
    'pool': {'x': (2, 3, 7, 6), 'kernelSize': [3, 3], 'dilation': [2, 2]},
    'poolBeyond': {'x': (1, 2, 3, 2), 'kernelSize': [3, 5], 'dilation': [4, 3]},
    'poolEven': {'x': (1, 3, 9, 8), 'kernelSize': [2, 4], 'dilation': [3, 2]},
}
OUTPUTS = 4


def compute(name, shape, kernel, dilation):
    x = torch.tensor(uniform(f'same/{name}/x', shape, 1.0, 0.0), dtype=torch.float64)
    if name.startswith('conv'):
        w = torch.tensor(uniform(f'same/{name}/w', (OUTPUTS, shape[1], *kernel), 1.0, 0.0), dtype=torch.float64)
        return F.conv2d(x, w, padding='same', dilation=tuple(dilation))
    total = [(size - 1) * step for size, step in zip(kernel, dilation)]
    (top, left), (bottom, right) = [both // 2 for both in total], [both - both // 2 for both in total]
    padded = F.pad(x, (left, right, top, bottom), value=-torch.inf)
    return F.max_pool2d(padded, kernel, stride=1, dilation=dilation)


arrays = {f'{name}/y': compute(name, case['x'], case['kernelSize'], case['dilation']).numpy() for name, case in CASES.items()}
assert all(abs(array).max() < 1e6 for array in arrays.values())
write_safetensors('same.safetensors', arrays, torch_metadata(cases=CASES, outputs=OUTPUTS))

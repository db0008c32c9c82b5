"""Weights after each step of runs in which layers are frozen and thawed: test/golden/freezing.safetensors.

A net of two linear layers and ReLU, whose weights and rows are uniform('freezing/<name>', ...). Arrays are f64:
<optimizer>/<layer>.<weight or bias> are `[steps, ...]` in torch's layout. The metadata has settings, and for each step which
layers were frozen. A frozen tensor has requires_grad False, and gradients are set to None before each step, as PyTorch 2 does
by default. `f32Error` is the relative norm of the error of torch's own f32 weights after the last step.
"""

import torch
import torch.nn.functional as F

from generator import labels, uniform
from golden import total_error, write_safetensors
from torch_golden import in_both, torch_metadata

FEATURES, HIDDEN, CLASSES, ROWS = 6, 8, 5, 12
FROZEN = [[], [], ['first'], ['first'], ['second'], [], ['first'], []]
OPTIMIZERS = {
    'sgd': (torch.optim.SGD, {'lr': 0.1, 'momentum': 0.9, 'weight_decay': 0.1}),
    'nesterov': (torch.optim.SGD, {'lr': 0.1, 'momentum': 0.9, 'weight_decay': 0.1, 'nesterov': True}),
    'plain': (torch.optim.SGD, {'lr': 0.1, 'weight_decay': 0.1}),
    'adamw': (torch.optim.AdamW, {'lr': 0.05, 'weight_decay': 0.1}),
}
SHAPES = {
    'first.weight': (HIDDEN, FEATURES),
    'first.bias': (HIDDEN,),
    'second.weight': (CLASSES, HIDDEN),
    'second.bias': (CLASSES,),
}


def run(kind, frozen, dtype):
    values = {name: uniform(f'freezing/{name}', shape, 0.5, 0.0) for name, shape in SHAPES.items()}
    weights = {name: torch.tensor(value, dtype=dtype, requires_grad=True) for name, value in values.items()}
    make, options = OPTIMIZERS[kind]
    optimizer = make(weights.values(), **options)
    x = torch.tensor(uniform('freezing/x', (ROWS, FEATURES), 1.0, 0.0), dtype=dtype)
    target = torch.tensor(labels('freezing/labels', ROWS, CLASSES)).long()
    steps = {name: [] for name in weights}
    for layers in frozen:
        for name, weight in weights.items():
            weight.requires_grad = name.split('.')[0] not in layers
        optimizer.zero_grad(set_to_none=True)
        hidden = F.relu(F.linear(x, weights['first.weight'], weights['first.bias']))
        F.cross_entropy(F.linear(hidden, weights['second.weight'], weights['second.bias']), target).backward()
        optimizer.step()
        for name, weight in weights.items():
            steps[name].append(weight.detach().clone())
    return {f'{kind}/{name}': torch.stack(values) for name, values in steps.items()}


def main():
    runs = {kind: FROZEN for kind in OPTIMIZERS} | {'adamw_late': [['first']] * 3 + FROZEN[5:]}
    OPTIMIZERS['adamw_late'] = OPTIMIZERS['adamw']
    arrays, errors = {}, {}
    for kind, frozen in runs.items():
        truth, single = in_both(lambda dtype: run(kind, frozen, dtype))
        arrays.update(truth)
        last = [{name: values[name][-1] for name in values} for values in (truth, single)]
        errors[kind] = float(f'{total_error(*last):.3g}')
    facts = {kind: {'frozen': runs[kind], **options} for kind, (_, options) in OPTIMIZERS.items()}
    write_safetensors('freezing.safetensors', arrays, torch_metadata(runs=facts, f32Error=errors))


main()

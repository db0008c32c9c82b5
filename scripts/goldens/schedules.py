"""Learning rates of PyTorch's schedulers for runs of 1 to 500 steps: test/golden/schedules.safetensors.

For each schedule and setting the rates of a run of n steps are r(0) ... r(n-1). Too many to keep, they are given as sums: rows
[run, (sum r, sum r * (i + 1) / n, max r)] in f64, which no permutation, shift or scaling leaves alone, and some runs in full
(`FULL`). Shares of a run are in whole per cents; PyTorch wants steps, which are the nearest whole number, halves up.
"""

import torch
from torch.optim import lr_scheduler as lr

import numpy as np

from golden import write_safetensors
from torch_golden import torch_metadata

LR = 0.1
RUNS = range(1, 501)
FULL = [1, 2, 3, 4, 7, 10, 30, 33]
WARMUPS = [0, 5, 10, 29, 50, 100]
MILESTONES = [[50, 75], [7, 29, 58], [0, 100], [33, 33]]
RISES = [30, 10, 7, 50]


def whole(percent, steps):
    """The nearest whole number of steps, halves up, in exact arithmetic."""
    return (2 * percent * steps + 100) // 200


def rates(make, steps):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=LR)
    scheduler = make(optimizer)
    found = []
    for step in range(steps):
        found.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        if step + 1 < steps:
            scheduler.step()
    return found


def step_rates(milestones, gamma):
    def of(steps):
        at = [whole(percent, steps) for percent in milestones]
        return rates(lambda optimizer: lr.MultiStepLR(optimizer, at, gamma), steps)
    return of


def cosine_rates(warmup, last):
    """LinearLR from 1/w up to 1 in w steps, then CosineAnnealingLR over the rest."""
    def of(steps):
        rise = min(whole(warmup, steps), steps)
        up = rates(lambda optimizer: lr.LinearLR(optimizer, 1 / rise, 1.0, total_iters=rise - 1), rise) if rise > 1 else [LR] * rise
        rest = steps - rise
        down = rates(lambda optimizer: lr.CosineAnnealingLR(optimizer, rest, last), rest) if rest else []
        return up + down
    return of


def one_cycle_rates(rise, options):
    def of(steps):
        try:
            return rates(lambda optimizer: lr.OneCycleLR(optimizer, LR, total_steps=steps, pct_start=rise / 100, **options), steps)
        except ZeroDivisionError:
            # A rise of exactly one step has no length.
            return None
    return of


def main():
    schedules = {f'step/{".".join(map(str, at))}': step_rates(at, 0.1) for at in MILESTONES}
    schedules['step/gamma'] = step_rates([50, 75], 0.3)
    schedules |= {f'cosine/{warmup}': cosine_rates(warmup, 0.0) for warmup in WARMUPS}
    schedules['cosine/last'] = cosine_rates(10, 0.01)
    schedules |= {f'oneCycle/{rise}': one_cycle_rates(rise, {}) for rise in RISES}
    schedules['oneCycle/factors'] = one_cycle_rates(30, {'div_factor': 10.0, 'final_div_factor': 100.0})
    arrays = {}
    for name, of in schedules.items():
        rows, full = [], []
        for steps in RUNS:
            found = of(steps)
            if found is None:
                rows.append([np.nan] * 3)
                full += [np.nan] * steps if steps in FULL else []
                continue
            values = np.array(found)
            rows.append([values.sum(), (values * (np.arange(steps) + 1)).sum() / steps, values.max()])
            full += found if steps in FULL else []
        arrays[f'{name}/sums'] = np.array(rows, np.float64)
        arrays[f'{name}/full'] = np.array(full, np.float64)
    for kind in ('step', 'cosine', 'oneCycle'):
        own = {name: array for name, array in arrays.items() if name.startswith(f'{kind}/')}
        sums = {name: array for name, array in own.items() if name.endswith('sums')}
        groups = [own] if sum(array.nbytes for array in own.values()) < 45_000 else [
            {key: array for key, array in own.items() if key.rsplit('/', 1)[0] in half}
            for half in np.array_split(sorted({key.rsplit('/', 1)[0] for key in sums}), 3)
        ]
        for index, group in enumerate(groups):
            write_safetensors(f'schedules/{kind}{index}.safetensors', group, torch_metadata(lr=LR, runs=[1, 500], full=FULL))


main()

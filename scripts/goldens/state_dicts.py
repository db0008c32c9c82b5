"""Names and shapes of torchvision's networks as digests: test/golden/stateDicts.json.

Usage: state_dicts.py, or state_dicts.py <net> to print the lines that a digest is made of. A line is `<name> <shape>`, e.g.
`conv1.weight [64, 3, 7, 7]`, for every entry of the state dict (num_batches_tracked too, shape []); lines are sorted and
joined by newlines; `sha256` is that text's.
"""

import hashlib
import sys

import torchvision

from golden import write_json
from nets import NETS, make_net


def lines_of(net):
    return sorted(f'{name} {list(value.shape)}' for name, value in net.state_dict().items())


def facts_of(net):
    lines = lines_of(net)
    return {
        'entries': len(lines),
        'parameters': sum(parameter.numel() for parameter in net.parameters()),
        'sha256': hashlib.sha256('\n'.join(lines).encode()).hexdigest(),
    }


if __name__ == '__main__':
    if len(sys.argv) > 1:
        print('\n'.join(lines_of(make_net(sys.argv[1]))))
    else:
        write_json('stateDicts.json', {'torchvision': torchvision.__version__, 'nets': {name: facts_of(make_net(name)) for name in NETS}})

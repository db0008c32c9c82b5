"""Parameters of the small-image nets, counted from constructed modules: test/golden/parameterCounts.json."""

from densenet_cifar import small_dense_net
from golden import write_json
from resnet_cifar import small_image_net


RESIDUAL = [f'{kind}{depth}' for kind in ('resnet', 'plain') for depth in (8, 20, 32, 44, 56, 110)]
DENSE = ['densenet40', *(f'densenet_bc{depth}{growth}' for depth in (40, 100, 250) for growth in ('', '_k24'))]


def count(make, name, in_channels):
    return sum(parameter.numel() for parameter in make(name, in_channels).parameters())


write_json('parameterCounts.json', {
    name: {'inChannels1': count(make, name, 1), 'inChannels3': count(make, name, 3)}
    for make, names in ((small_image_net, RESIDUAL), (small_dense_net, DENSE))
    for name in names
})

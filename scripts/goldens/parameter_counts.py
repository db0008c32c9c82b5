"""Parameters of the small-image nets, counted from constructed modules: test/golden/parameterCounts.json."""

from golden import write_json
from resnet_cifar import small_image_net


def count(name, in_channels):
    return sum(parameter.numel() for parameter in small_image_net(name, in_channels).parameters())


write_json('parameterCounts.json', {
    f'{kind}{depth}': {'inChannels1': count(f'{kind}{depth}', 1), 'inChannels3': count(f'{kind}{depth}', 3)}
    for kind in ('resnet', 'plain')
    for depth in (8, 20, 32, 44, 56, 110)
})

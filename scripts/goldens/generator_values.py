"""Values of the generator itself, so that its TypeScript twin can be checked: test/golden/generator.safetensors."""

import numpy as np

from generator import batch, indices, labels, noise, seed_of, sketch, state_dict, uniform
from golden import metadata, write_safetensors

SHAPES = {
    'conv1.weight': (4, 3, 3, 3),
    'bn1.weight': (6,),
    'bn1.bias': (6,),
    'bn1.running_mean': (6,),
    'bn1.running_var': (6,),
    'fc.weight': (2, 6),
    'fc.bias': (6,),
}

images, target = batch('batch.0', (4, 3, 5, 3), 10)
noisy, any_target = noise('net.0', (2, 3, 5, 3), 1000)
write_safetensors(
    'generator.safetensors',
    {
        'uniform': uniform('uniform', (5, 7)),
        'scaled': uniform('scaled', (3, 4, 3, 3), np.sqrt(6.0 / 36), 0.25),
        'tail': uniform('tail', (100_003,), 3.0)[-16:],
        'labels': labels('labels', 32, 10).astype(np.int32),
        'indices': indices('indices', 123_456_789, 8).astype(np.int32),
        'sketch': sketch('sketch', uniform('sketch', (1000,))),
        'batch.images': images,
        'batch.labels': target.astype(np.int32),
        'noise.images': noisy,
        'noise.labels': any_target.astype(np.int32),
        **{f'{norm}/{name}': values for norm in (0.5, 'fresh') for name, values in state_dict(SHAPES, norm).items()},
    },
    metadata(numpy=np.__version__, seeds=[seed_of(name) for name in ('', 'a', 'layer1.0.conv1.weight', 'größe')]),
)

"""Golden outputs and gradients of single ops: test/golden/ops/<op>.safetensors.

Arrays are f64 in torch's layout, named <case>/<array>. The metadata entry `cases` holds for each case the shapes of its
generated inputs (values: uniform('<op>/<case>/<input>', shape, scale, shift)), its options, and `f32Error`, the relative
norm of the error of torch's own f32 result by array. Gradients are those of sum(y * dy).
"""

import math

import torch
import torch.nn.functional as F

from generator import labels, uniform
from golden import relative_error, write_safetensors
from torch_golden import in_both, torch_metadata


def case(inputs, options, forward):
    """inputs: name -> shape or (shape, scale, shift); forward(tensors, options) -> dict of outputs, the first of them y."""
    full = {name: shape if isinstance(shape[0], tuple) else (shape, 1.0, 0.0) for name, shape in inputs.items()}
    return {'inputs': full, 'options': options, 'forward': forward}


def inputs_of(place, case):
    return {name: uniform(f'{place}/{name}', *spec) for name, spec in case['inputs'].items()}


def write(op, cases, differentiate=True):
    """Runs all cases of an op in both precisions and writes its file."""
    arrays, facts = {}, {}
    for name, case in cases.items():
        place = f'{op}/{name}'
        values = inputs_of(place, case)

        def compute(dtype):
            tensors = {key: torch.tensor(value, dtype=dtype) for key, value in values.items()}
            if not differentiate:
                return case['forward'](tensors, case['options'])
            wanted = [key for key in tensors if not key.startswith('running')]
            for key in wanted:
                tensors[key].requires_grad_(True)
            outputs = case['forward'](tensors, case['options'])
            y = next(iter(outputs.values()))
            dy = torch.tensor(uniform(f'{place}/dy', tuple(y.shape)), dtype=dtype)
            gradients = torch.autograd.grad((y * dy).sum(), [tensors[key] for key in wanted])
            return {**outputs, **{f'd{key}': gradient for key, gradient in zip(wanted, gradients)}}

        truth, single = in_both(compute)
        arrays.update({f'{name}/{key}': array for key, array in truth.items()})
        facts[name] = {
            'inputs': {
                key: {'shape': shape, 'scale': scale, 'shift': shift} for key, (shape, scale, shift) in case['inputs'].items()
            },
            **case['options'],
            'f32Error': {key: float(f'{relative_error(single[key], truth[key]):.3g}') for key in truth},
        }
    write_safetensors(f'ops/{op}.safetensors', arrays, torch_metadata(cases=facts))


def conv2d(x, weight, bias=None, stride=(1, 1), padding=(0, 0, 0, 0), dilation=(1, 1), groups=1):
    """padding is [top, bottom, left, right]."""

    def forward(t, o):
        top, bottom, left, right = o['padding']
        x = F.pad(t['x'], (left, right, top, bottom))
        return {'y': F.conv2d(x, t['w'], t.get('b'), o['stride'], 0, o['dilation'], o['groups'])}

    inputs = {'x': x, 'w': weight, **({'b': (weight[0],)} if bias else {})}
    return case(inputs, {'stride': stride, 'padding': padding, 'dilation': dilation, 'groups': groups}, forward)


write('conv2d', {
    'same': conv2d((2, 3, 5, 4), (9, 3, 3, 3), padding=(1, 1, 1, 1), bias=True),
    'stride2': conv2d((1, 4, 7, 6), (10, 4, 3, 3), stride=(2, 2), padding=(1, 1, 1, 1)),
    'pointwise': conv2d((2, 6, 4, 5), (9, 6, 1, 1), bias=True),
    'projection': conv2d((1, 6, 7, 6), (8, 6, 1, 1), stride=(2, 2)),
    'dilated': conv2d((1, 2, 10, 9), (5, 2, 5, 5), padding=(4, 4, 4, 4), dilation=(2, 2)),
    'groups': conv2d((2, 8, 5, 4), (12, 2, 3, 3), padding=(1, 1, 1, 1), groups=4, bias=True),
    'depthwise': conv2d((1, 6, 5, 5), (6, 1, 3, 3), padding=(1, 1, 1, 1), groups=6),
    'tensorflowSame': conv2d((1, 3, 6, 8), (7, 3, 3, 3), stride=(2, 2), padding=(0, 1, 0, 1)),
    'rectangular': conv2d((1, 3, 7, 9), (5, 3, 2, 3), stride=(1, 2), padding=(2, 0, 1, 3), dilation=(2, 1)),
})


write('depthwise', {
    'stride2': conv2d((1, 9, 9, 11), (9, 1, 5, 5), stride=(2, 2), padding=(2, 2, 2, 2), groups=9, bias=True),
    'large': conv2d((1, 9, 7, 11), (9, 1, 7, 7), padding=(3, 3, 3, 3), groups=9),
    'dilated': conv2d((1, 9, 9, 7), (9, 1, 3, 3), padding=(2, 2, 2, 2), dilation=(2, 2), groups=9),
    'multiplier2': conv2d((1, 5, 7, 6), (10, 1, 3, 3), stride=(2, 2), padding=(1, 1, 1, 1), groups=5, bias=True),
})


def conv_transpose2d(x, weight, bias=None, stride=(1, 1), padding=(0, 0), output_padding=(0, 0), dilation=(1, 1), groups=1):
    def forward(t, o):
        moves = (o['stride'], o['padding'], o['outputPadding'], o['groups'], o['dilation'])
        return {'y': F.conv_transpose2d(t['x'], t['w'], t.get('b'), *moves)}

    inputs = {'x': x, 'w': weight, **({'b': (weight[1] * groups,)} if bias else {})}
    options = {
        'stride': stride, 'padding': padding, 'outputPadding': output_padding, 'dilation': dilation, 'groups': groups,
    }
    return case(inputs, options, forward)


write('convTranspose2d', {
    'unet': conv_transpose2d((2, 6, 5, 3), (6, 4, 2, 2), stride=(2, 2), bias=True),
    'same': conv_transpose2d((1, 3, 5, 4), (3, 9, 3, 3), padding=(1, 1), bias=True),
    'outputPadding': conv_transpose2d((1, 4, 5, 6), (4, 6, 3, 3), stride=(2, 2), padding=(1, 1), output_padding=(1, 0)),
    'dilated': conv_transpose2d((1, 3, 6, 5), (3, 5, 3, 3), stride=(2, 2), padding=(2, 1), dilation=(2, 2)),
    'groups': conv_transpose2d((1, 8, 3, 4), (8, 3, 4, 4), stride=(2, 2), padding=(1, 1), groups=4, bias=True),
    'depthwise': conv_transpose2d((1, 9, 5, 4), (9, 1, 3, 3), stride=(2, 2), padding=(1, 1), output_padding=(1, 1), groups=9, bias=True),
})


def batch_norm(x, shift=0.0, training=True, eps=1e-5, momentum=0.1):
    def forward(t, o):
        mean, var = t['running_mean'].clone(), t['running_var'].clone()
        y = F.batch_norm(t['x'], mean, var, t['weight'], t['bias'], o['training'], o['momentum'], o['eps'])
        return {'y': y, **({'running_mean': mean, 'running_var': var} if o['training'] else {})}

    channels = (x[1],)
    inputs = {
        'x': (x, 1.0, shift),
        'weight': (channels, 0.5, 1.0),
        'bias': channels,
        'running_mean': (channels, 0.1, shift),
        'running_var': (channels, 0.5, 1.0),
    }
    return case(inputs, {'training': training, 'eps': eps, 'momentum': momentum}, forward)


write('batchNorm', {
    'train': batch_norm((3, 11, 5, 4)),
    'eval': batch_norm((3, 11, 5, 4), training=False),
    'farFromZero': batch_norm((4, 9, 3, 4), shift=64.0),
    'keras': batch_norm((2, 5, 4, 3), eps=1e-3, momentum=0.01),
})


def max_pool(x, kernel, stride, padding=0, ceil=False, ties=False):
    """`ties`: x is rounded to halves, so that maxima are shared; the first in row-major order takes the gradient."""

    def forward(t, o):
        x = t['x'] + (torch.round(2 * t['x']) / 2 - t['x']).detach() if o['ties'] else t['x']
        return {'y': F.max_pool2d(x, o['kernelSize'], o['stride'], o['padding'], ceil_mode=o['ceilMode'])}

    options = {'kernelSize': kernel, 'stride': stride, 'padding': padding, 'ceilMode': ceil, 'ties': ties}
    return case({'x': x}, options, forward)


write('maxPool2d', {
    'resnet': max_pool((2, 5, 9, 8), 3, 2, padding=1),
    'vgg': max_pool((2, 5, 7, 6), 2, 2),
    'ceil': max_pool((2, 5, 8, 6), 3, 2, ceil=True),
    'ceilPadded': max_pool((1, 5, 8, 7), 3, 2, padding=1, ceil=True),
    'sameSize': max_pool((1, 5, 5, 4), 3, 1, padding=1, ceil=True),
    'ties': max_pool((2, 5, 7, 6), 3, 2, padding=1, ties=True),
    'ceilBeyond': max_pool((1, 5, 2, 3), 4, 3, ceil=True),
    'ceilBeyondPadded': max_pool((1, 5, 3, 1), 5, 4, padding=1, ceil=True),
})


def avg_pool(x, kernel, stride, padding=0, ceil=False, count_padding=True):
    def forward(t, o):
        return {'y': F.avg_pool2d(t['x'], o['kernelSize'], o['stride'], o['padding'], o['ceilMode'], o['countIncludePad'])}

    options = {
        'kernelSize': kernel, 'stride': stride, 'padding': padding, 'ceilMode': ceil, 'countIncludePad': count_padding,
    }
    return case({'x': x}, options, forward)


write('avgPool2d', {
    'transition': avg_pool((2, 5, 7, 6), 2, 2),
    'padded': avg_pool((2, 5, 7, 6), 3, 2, padding=1),
    'paddedNotCounted': avg_pool((2, 5, 7, 6), 3, 2, padding=1, count_padding=False),
    'ceil': avg_pool((1, 5, 8, 6), 3, 2, ceil=True),
    'ceilPadded': avg_pool((1, 5, 8, 7), 3, 2, padding=1, ceil=True),
    'ceilPaddedNotCounted': avg_pool((1, 5, 8, 7), 3, 2, padding=1, ceil=True, count_padding=False),
    'ceilBeyond': avg_pool((1, 5, 2, 3), 4, 3, ceil=True),
    'ceilBeyondPadded': avg_pool((1, 5, 3, 1), 5, 4, padding=1, ceil=True),
    'ceilBeyondNotCounted': avg_pool((1, 5, 3, 1), 5, 4, padding=1, ceil=True, count_padding=False),
})


def adaptive_pool(x, output):
    return case({'x': x}, {'outputSize': output}, lambda t, o: {'y': F.adaptive_avg_pool2d(t['x'], o['outputSize'])})


write('adaptiveAvgPool2d', {
    'global': adaptive_pool((2, 5, 4, 3), (1, 1)),
    'even': adaptive_pool((1, 5, 8, 6), (4, 3)),
    'uneven': adaptive_pool((1, 5, 7, 5), (3, 2)),
    'enlarging': adaptive_pool((1, 5, 3, 2), (7, 7)),
})

def pad(x, padding, mode='constant', value=0.0):
    """padding is [top, bottom, left, right]."""

    def forward(t, o):
        top, bottom, left, right = o['padding']
        torch_mode = 'replicate' if o['mode'] == 'edge' else o['mode']
        return {'y': F.pad(t['x'], (left, right, top, bottom), torch_mode, o['value'])}

    return case({'x': x}, {'padding': padding, 'mode': mode, 'value': value}, forward)


write('padAxes', {
    'zeros': pad((2, 5, 4, 3), (1, 2, 3, 0)),
    'number': pad((1, 3, 4, 5), (0, 1, 2, 1), value=-1.5),
    'reflect': pad((2, 5, 4, 3), (3, 2, 1, 2), 'reflect'),
    'edge': pad((2, 5, 4, 3), (3, 5, 1, 2), 'edge'),
})


def interpolate(x, size=None, scale=None, mode='nearest', corners=False, antialias=False):
    def forward(t, o):
        linear = o['mode'] == 'bilinear'
        return {'y': F.interpolate(
            t['x'], o.get('size'), o.get('scale'), o['mode'], o['alignCorners'] if linear else None, antialias=o['antialias'])}

    size_or_scale = {'size': size} if size else {'scale': scale}
    return case({'x': x}, {**size_or_scale, 'mode': mode, 'alignCorners': corners, 'antialias': antialias}, forward)


write('interpolate', {
    'nearestTwice': interpolate((2, 5, 3, 4), scale=(2.0, 2.0)),
    'nearestUneven': interpolate((1, 5, 7, 5), (9, 3)),
    'nearestByScale': interpolate((1, 3, 7, 5), scale=(1.3, 0.7)),
    'nearestRounded': interpolate((1, 2, 1, 26), (1, 22)),
    'nearestExact': interpolate((1, 5, 7, 5), (9, 3), mode='nearest-exact'),
    'bilinearTwice': interpolate((2, 5, 3, 4), scale=(2.0, 2.0), mode='bilinear'),
    'bilinearUneven': interpolate((1, 5, 7, 5), (9, 3), mode='bilinear'),
    'bilinearByScale': interpolate((1, 3, 7, 5), scale=(1.3, 0.7), mode='bilinear'),
    'bilinearCorners': interpolate((1, 5, 4, 5), (7, 9), mode='bilinear', corners=True),
    'bilinearCornersOnePixel': interpolate((1, 3, 4, 5), (1, 3), mode='bilinear', corners=True),
    'antialias': interpolate((2, 3, 11, 9), (4, 5), mode='bilinear', antialias=True),
    'antialiasLarger': interpolate((1, 3, 4, 5), (7, 6), mode='bilinear', antialias=True),
    'antialiasByScale': interpolate((1, 3, 11, 9), scale=(0.4, 0.55), mode='bilinear', antialias=True),
    'antialiasCorners': interpolate((1, 3, 11, 9), (4, 5), mode='bilinear', corners=True, antialias=True),
})


def blur(x, size=3, stride=2):
    """timm's BlurPool2d: a binomial filter on mirrored borders."""
    def forward(t, o):
        weights = torch.tensor([math.comb(o['filterSize'] - 1, k) for k in range(o['filterSize'])], dtype=t['x'].dtype)
        weights = weights / weights.sum()
        channels = t['x'].shape[1]
        filters = (weights[:, None] * weights).expand(channels, 1, -1, -1)
        padded = F.pad(t['x'], [(o['stride'] + o['filterSize'] - 2) // 2] * 4, mode='reflect')
        return {'y': F.conv2d(padded, filters, stride=o['stride'], groups=channels)}

    return case({'x': x}, {'filterSize': size, 'stride': stride}, forward)


write('blurPool2d', {
    'even': blur((2, 5, 6, 4)),
    'odd': blur((1, 5, 7, 5)),
    'twoPixels': blur((1, 3, 2, 2)),
    'fourTaps': blur((1, 3, 7, 6), size=4),
    'fiveTaps': blur((1, 3, 7, 6), size=5, stride=1),
    'strideThree': blur((1, 3, 9, 8), stride=3),
})

write('pixelShuffle', {
    'two': case({'x': (2, 12, 3, 4)}, {'factor': 2}, lambda t, o: {'y': F.pixel_shuffle(t['x'], o['factor'])}),
    'three': case({'x': (1, 18, 2, 3)}, {'factor': 3}, lambda t, o: {'y': F.pixel_shuffle(t['x'], o['factor'])}),
})

write('pixelUnshuffle', {
    'two': case({'x': (2, 3, 6, 4)}, {'factor': 2}, lambda t, o: {'y': F.pixel_unshuffle(t['x'], o['factor'])}),
    'three': case({'x': (1, 2, 6, 9)}, {'factor': 3}, lambda t, o: {'y': F.pixel_unshuffle(t['x'], o['factor'])}),
})

# The first maximum takes the gradient, as in ours: amax would share it.
write('globalMaxPool2d', {
    'image': case({'x': (2, 5, 4, 3)}, {}, lambda t, o: {'y': F.adaptive_max_pool2d(t['x'], 1).flatten(1)}),
})


def local_response_norm(x, scale, **options):
    def forward(t, o):
        return {'y': F.local_response_norm(t['x'], o['size'], o['alpha'], o['beta'], o['k'])}

    return case({'x': (x, scale, 0.0)}, options, forward)


write('localResponseNorm', {
    'alexnet': local_response_norm((2, 11, 4, 3), 9.0, size=5, alpha=1e-4, beta=0.75, k=2.0),
    'strong': local_response_norm((2, 9, 4, 3), 2.0, size=3, alpha=2.0, beta=0.75, k=1.0),
    'even': local_response_norm((2, 9, 4, 3), 2.0, size=4, alpha=1.5, beta=0.6, k=0.5),
    'wide': local_response_norm((2, 4, 3, 3), 2.0, size=9, alpha=1.0, beta=1.0, k=1.0),
})


def take(x, dim, axis, indices):
    """dim is torch's axis, axis is ours."""

    def forward(t, o):
        return {'y': torch.index_select(t['x'], dim, torch.tensor(o['indices']))}

    return case({'x': x}, {'axis': axis, 'indices': indices}, forward)


write('take', {
    'channels': take((2, 5, 4, 3), 1, 3, [4, 0, 0, 2, 4, 4]),
    'rows': take((2, 5, 4, 3), 2, 1, [3, 3, 1]),
})

write('transpose', {
    'pixels': case({'x': (2, 5, 4, 3)}, {'permutation': [0, 2, 1, 3]}, lambda t, o: {'y': t['x'].transpose(2, 3)}),
    'images': case({'x': (2, 5, 4, 3)}, {'permutation': [1, 0, 2, 3]}, lambda t, o: {'y': t['x'].permute(2, 1, 0, 3)}),
})

write('concat', {
    'rows': case(
        {'x': (2, 5, 4, 3), 'z': (2, 5, 1, 3)}, {'axis': 1}, lambda t, o: {'y': torch.cat([t['x'], t['z']], 2)}),
    'images': case(
        {'x': (2, 5, 4, 3), 'z': (1, 5, 4, 3)}, {'axis': 0}, lambda t, o: {'y': torch.cat([t['x'], t['z']], 0)}),
})

write('linear', {
    'bias': case({'x': (5, 13), 'w': (7, 13), 'b': (7,)}, {}, lambda t, o: {'y': F.linear(t['x'], t['w'], t['b'])}),
    'noBias': case({'x': (3, 8), 'w': (16, 8)}, {}, lambda t, o: {'y': F.linear(t['x'], t['w'])}),
})


def cross_entropy(rows, classes, smoothing, scale):
    """Mean loss; labels: labels('crossEntropy/labels', rows, classes)."""

    def forward(t, o):
        target = torch.tensor(labels('crossEntropy/labels', rows, classes))
        return {'y': F.cross_entropy(t['x'], target, label_smoothing=o['labelSmoothing'])}

    return case({'x': ((rows, classes), scale, 0.0)}, {'labelSmoothing': smoothing}, forward)


write('crossEntropy', {
    'plain': cross_entropy(6, 10, 0.0, 3.0),
    'smoothed': cross_entropy(6, 10, 0.1, 3.0),
    'largeLogits': cross_entropy(4, 7, 0.1, 200.0),
    'manyClasses': cross_entropy(3, 1000, 0.1, 3.0),
})


def reduction(fold, x, dims, keep=False, ties=False):
    """`ties`: x is rounded to halves, so that maxima are shared; they share the gradient."""

    def forward(t, o):
        x = t['x'] + (torch.round(2 * t['x']) / 2 - t['x']).detach() if o['ties'] else t['x']
        return {'y': fold(x, o['axes'], o['keepDims'])}

    return case({'x': (x, 1.0, 0.25)}, {'axes': dims, 'keepDims': keep, 'ties': ties}, forward)


def reductions(fold, **more):
    return {
        'all': reduction(fold, (3, 5, 7), [0, 1, 2]),
        'last': reduction(fold, (6, 37), [-1]),
        'first': reduction(fold, (19, 21), [0], keep=True),
        'middle': reduction(fold, (2, 70, 9), [1]),
        'apart': reduction(fold, (5, 6, 7), [0, 2], keep=True),
        'long': reduction(fold, (2, 1201), [1]),
        **more,
    }


write('sum', reductions(torch.sum))
write('mean', reductions(torch.mean))
write('max', reductions(
    torch.amax,
    ties=reduction(torch.amax, (6, 37), [1], ties=True),
    tiesApart=reduction(torch.amax, (5, 6, 7), [0, 2], ties=True),
))


def along(function, x, axis, scale=3.0):
    return case({'x': (x, scale, 0.0)}, {'axis': axis}, lambda t, o: {'y': function(t['x'], o['axis'])})


for name, function in {'softmax': F.softmax, 'logSoftmax': F.log_softmax}.items():
    write(name, {
        'last': along(function, (4, 3, 11), -1),
        'first': along(function, (7, 9), 0),
        'middle': along(function, (2, 5, 19), 1),
        'large': along(function, (3, 8, 5), 1, scale=200.0),
    })


def layer_norm(x, dims, affine=True, eps=1e-5, shift=0.0):
    """Over the last dims of x as it is, or over the channels of images, which stand first in torch."""

    def forward(t, o):
        image = len(x) == 4
        moved = t['x'].permute(0, 2, 3, 1) if image else t['x']
        y = F.layer_norm(moved, o['normalizedShape'], t.get('weight'), t.get('bias'), o['eps'])
        return {'y': y.permute(0, 3, 1, 2) if image else y}

    parameters = {'weight': (dims, 0.5, 1.0), 'bias': dims} if affine else {}
    return case({'x': (x, 1.0, shift), **parameters}, {'normalizedShape': dims, 'eps': eps}, forward)


write('layerNorm', {
    'channels': layer_norm((2, 13, 3, 4), (13,), eps=1e-6),
    'noParameters': layer_norm((2, 6, 3, 5), (6,), affine=False),
    'twoAxes': layer_norm((4, 3, 7), (3, 7)),
    'longRows': layer_norm((3, 301), (301,), shift=0.5),
    'farFromZero': layer_norm((5, 45), (45,), shift=64.0),
})


def group_norm(x, groups, affine=True, eps=1e-5, shift=0.0, instance=False):
    def forward(t, o):
        if instance:
            y = F.instance_norm(t['x'], None, None, t.get('weight'), t.get('bias'), True, 0.1, o['eps'])
        else:
            y = F.group_norm(t['x'], o['groups'], t.get('weight'), t.get('bias'), o['eps'])
        return {'y': y}

    channels = (x[1],)
    parameters = {'weight': (channels, 0.5, 1.0), 'bias': channels} if affine else {}
    return case({'x': (x, 1.0, shift), **parameters}, {'groups': groups, 'eps': eps}, forward)


write('groupNorm', {
    'three': group_norm((2, 9, 5, 4), 3),
    'one': group_norm((3, 7, 3, 4), 1, eps=1e-3),
    'features': group_norm((5, 12), 4),
    'noParameters': group_norm((2, 8, 3, 4), 2, affine=False),
    'farFromZero': group_norm((2, 6, 5, 5), 2, shift=64.0),
})

write('instanceNorm', {
    'parameters': group_norm((2, 7, 5, 4), 7, instance=True),
    'noParameters': group_norm((3, 5, 3, 4), 5, affine=False, instance=True),
    'farFromZero': group_norm((2, 5, 5, 5), 5, shift=64.0, instance=True),
})


def matmul(a, b):
    return case({'a': a, 'b': b}, {}, lambda t, o: {'y': torch.matmul(t['a'], t['b'])})


write('matmul', {
    'matrices': matmul((5, 13), (13, 7)),
    'batch': matmul((3, 5, 11), (3, 11, 9)),
    'oneSecond': matmul((3, 5, 11), (11, 9)),
    'oneFirst': matmul((5, 11), (3, 11, 9)),
    'repeated': matmul((1, 5, 11), (4, 11, 3)),
    'long': matmul((2, 2, 150), (2, 150, 3)),
})


def optimizer(make, options, steps=3):
    """Steps of an optimizer on a parameter p with generated gradients g1, g2, …; outputs p after each step and its state."""

    def forward(t, o):
        parameter = torch.nn.Parameter(t['p'])
        stepper = make([parameter], o)
        outputs = {}
        for step in range(1, steps + 1):
            parameter.grad = t[f'g{step}']
            stepper.step()
            outputs[f'p{step}'] = parameter.detach().clone()
        state = {key: value for key, value in stepper.state[parameter].items() if key != 'step' and torch.is_tensor(value)}
        return {**outputs, **state}

    return case({'p': (5, 7), **{f'g{step}': (5, 7) for step in range(1, steps + 1)}}, options, forward)


def sgd(**options):
    def make(parameters, o):
        return torch.optim.SGD(parameters, o['lr'], o['momentum'], 0, o['weightDecay'], o['nesterov'])

    return optimizer(make, {'lr': 0.1, 'momentum': 0.0, 'weightDecay': 0.0, 'nesterov': False, **options})


write('sgd', {
    'plain': sgd(),
    'momentum': sgd(momentum=0.9),
    'decay': sgd(momentum=0.9, weightDecay=5e-4),
    'nesterov': sgd(momentum=0.9, weightDecay=5e-4, nesterov=True),
}, differentiate=False)


def adamw(**options):
    def make(parameters, o):
        return torch.optim.AdamW(parameters, o['lr'], o['betas'], o['eps'], o['weightDecay'])

    return optimizer(make, {'lr': 1e-2, 'betas': [0.9, 0.999], 'eps': 1e-8, 'weightDecay': 1e-2, **options})


write('adamw', {'default': adamw(), 'decay': adamw(lr=0.1, weightDecay=0.5, betas=[0.8, 0.99])}, differentiate=False)

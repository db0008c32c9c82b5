"""Pictures as Pillow and numpy read, scale and prepare them: test/golden/pictures/*.json.

pip install pillow numpy (written with Pillow 13.0.0 and numpy 2.4.6); pictures come from a generator with the seed 14.
"""

import base64
import gzip
import io
import pickle
import struct
import zlib

import numpy as np
import PIL
from PIL import Image, ImageDraw

from golden import write_json

SEED = 14
VERSIONS = {'pillow': PIL.__version__, 'numpy': np.__version__, 'seed': SEED}
random = np.random.default_rng(SEED)


def text(data):
    return base64.b64encode(bytes(data)).decode()


# --- PNG kinds: written here byte by byte, read by Pillow. ---

ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def chunk(kind, data):
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))


def packed_rows(pixels, depth):
    """Rows of [h, w, samples] with filters 0 to 4 in turn."""
    out, before = b'', None
    for y, row in enumerate(pixels):
        flat = row.reshape(-1)
        if depth == 16:
            raw = flat.astype('>u2').tobytes()
        elif depth == 8:
            raw = flat.astype(np.uint8).tobytes()
        else:
            bits = ''.join(format(int(value), f'0{depth}b') for value in flat)
            bits += '0' * (-len(bits) % 8)
            raw = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))
        size = max(1, row.shape[1] * depth // 8)
        above = before or bytes(len(raw))
        kind = y % 5
        line = bytearray()
        for at, value in enumerate(raw):
            left = raw[at - size] if at >= size else 0
            up, corner = above[at], above[at - size] if at >= size else 0
            nearest = min((abs(up - corner), 0, left), (abs(left - corner), 1, up), (abs(left + up - 2 * corner), 2, corner))[2]
            line.append((value - [0, left, up, (left + up) // 2, nearest][kind]) & 255)
        out += bytes([kind]) + bytes(line)
        before = raw
    return out


def png(pixels, depth, colour_type, interlaced, *extra):
    height, width = pixels.shape[:2]
    if interlaced:
        parts = [pixels[y::dy, x::dx] for x, y, dx, dy in ADAM7]
        rows = b''.join(packed_rows(part, depth) for part in parts if part.size)
    else:
        rows = packed_rows(pixels, depth)
    data = zlib.compress(rows, 9)
    half = len(data) // 2
    header = struct.pack('>IIBBBBB', width, height, depth, colour_type, 0, 0, int(interlaced))
    return (
        b'\x89PNG\r\n\x1a\n'
        + chunk(b'IHDR', header)
        + b''.join(extra)
        + chunk(b'IDAT', data[:half])
        + chunk(b'IDAT', data[half:])
        + chunk(b'IEND', b'')
    )


def eight_bits(pixels, depth):
    return np.floor(pixels * 255 / (2**depth - 1) + 0.5).astype(np.uint8)


kinds = []
palette = random.integers(0, 256, (16, 3)).astype(np.uint8)
for colour_type, depths in {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}.items():
    for depth in depths:
        for interlaced in (False, True):
            for width, height in ((11, 7), (1, 1), (3, 13)):
                samples = SAMPLES[colour_type]
                most = min(2**depth, 16) if colour_type == 3 else 2**depth
                pixels = random.integers(0, most, (height, width, samples))
                extra = [chunk(b'PLTE', palette[:most].tobytes())] if colour_type == 3 else []
                file = png(pixels, depth, colour_type, interlaced, *extra)
                image = Image.open(io.BytesIO(file))
                if colour_type == 3:
                    expected = np.asarray(image.convert('RGB'))
                elif colour_type == 0 and depth in (2, 4):
                    expected = np.asarray(image.convert('L'))[..., None]
                elif colour_type == 0 and depth == 1:
                    expected = np.asarray(image.convert('L'))[..., None]
                elif depth == 16:
                    # Pillow keeps the high byte of colours; the nearest byte is numpy's.
                    expected = eight_bits(pixels, 16)
                    if colour_type == 0:
                        assert (np.asarray(image) == pixels[..., 0]).all()
                    else:
                        high = np.asarray(image).reshape(height, width, -1)
                        wanted = pixels >> 8 if colour_type != 4 else None
                        assert wanted is None or (high == wanted).all()
                else:
                    expected = np.asarray(image).reshape(height, width, samples)
                assert colour_type == 3 or (expected == eight_bits(pixels, depth)).all()
                kinds.append(
                    {
                        'name': f'colour type {colour_type}, {depth} bits, {width} x {height}{", interlaced" if interlaced else ""}',
                        'png': text(file),
                        'channels': int(expected.shape[2]),
                        'pixels': text(expected),
                    }
                )

# Transparency of one colour and of a palette, interlaced bits too.
for name, file in {
    'a transparent grey of 2 bits, interlaced': png(
        (greys := random.integers(0, 4, (7, 9, 1))), 2, 0, True, chunk(b'tRNS', struct.pack('>H', 2))
    ),
    'a palette of 4 bits with three alpha values, interlaced': png(
        random.integers(0, 16, (7, 9, 1)),
        4,
        3,
        True,
        chunk(b'PLTE', palette.tobytes()),
        chunk(b'tRNS', bytes([0, 128, 255])),
    ),
    'a transparent colour': png(
        random.integers(0, 2, (7, 9, 3)), 8, 2, False, chunk(b'tRNS', struct.pack('>HHH', 1, 0, 1))
    ),
}.items():
    if 'grey' in name:
        # Pillow compares 2 with greys that it has widened to bytes, so that none is transparent; PNG's section 11.3.1.1.
        expected = np.dstack([eight_bits(greys, 2), np.where(greys == 2, 0, 255)]).astype(np.uint8)
    else:
        expected = np.asarray(Image.open(io.BytesIO(file)).convert('RGBA'))
    kinds.append({'name': name, 'png': text(file), 'channels': int(expected.shape[2]), 'pixels': text(expected)})

write_json('pictures/pngKinds.json', {**VERSIONS, 'cases': kinds})


# --- Digits prepared as MNIST was: ink cropped, 20 x 20, centre of mass. ---


def prepared(ink):
    """Ink [h, w], 0 where none is, as MNIST's README describes it."""
    left, top, right, bottom = Image.fromarray(ink).getbbox()
    box = ink[top:bottom, left:right].astype(float)
    box = np.floor(box * 255 / box.max() + 0.5).astype(np.uint8) if box.max() < 254 else box.astype(np.uint8)
    if max(box.shape) < 20:
        # What is enlarged: a rim below a twelfth of the strongest is cut off, and pixels are interpolated by cubics.
        box = np.where(box > box.max() / 12, box, 0).astype(np.uint8)
        left, top, right, bottom = Image.fromarray(box).getbbox()
        box = box[top:bottom, left:right]
    height, width = box.shape
    scale = 20 / max(height, width)
    size = (max(1, int(width * scale + 0.5)), max(1, int(height * scale + 0.5)))
    filter = Image.BICUBIC if scale > 1 else Image.BILINEAR
    small = np.asarray(Image.fromarray(box).resize(size, filter)).astype(float)
    if small.max() < 254:
        small = np.floor(small * 255 / small.max() + 0.5)
    rows, columns = np.indices(small.shape)
    x = int(np.clip(np.floor(14.5 - (small * columns).sum() / small.sum()), 0, 28 - small.shape[1]))
    y = int(np.clip(np.floor(14.5 - (small * rows).sum() / small.sum()), 0, 28 - small.shape[0]))
    out = np.zeros((28, 28), np.uint8)
    out[y : y + small.shape[0], x : x + small.shape[1]] = small.astype(np.uint8)
    return out


def strokes(size, lines, width):
    """Lines drawn at four times the size and scaled down, as a pen on a canvas leaves them."""
    sheet = Image.new('L', (4 * size[0], 4 * size[1]), 0)
    draw = ImageDraw.Draw(sheet)
    for line in lines:
        draw.line([(4 * x, 4 * y) for x, y in line], fill=255, width=4 * width, joint='curve')
    return np.asarray(sheet.resize(size, Image.BOX))


seven = [[(12, 10), (60, 10), (30, 90)]]
four = [[(40, 8), (10, 60), (70, 60)], [(50, 30), (50, 95)]]
ring = Image.new('L', (400, 400), 0)
ImageDraw.Draw(ring).ellipse((120, 60, 280, 340), outline=255, width=30)
ring = np.asarray(ring.resize((100, 100), Image.BOX))


def on(size, drawing, at):
    sheet = np.zeros(size, np.uint8)
    sheet[at[1] : at[1] + drawing.shape[0], at[0] : at[0] + drawing.shape[1]] = drawing
    return sheet


def file_of(array):
    out = io.BytesIO()
    Image.fromarray(array).save(out, 'PNG', optimize=True)
    return out.getvalue()


def transparent(ink, colour):
    return np.dstack([np.full_like(ink, colour)] * 3 + [ink])


sheets = {
    'white ink on black': (seven_ := on((120, 100), strokes((80, 100), seven, 6), (10, 10)), seven_),
    'black ink on white': (255 - (four_ := on((120, 100), strokes((80, 100), four, 5), (10, 10))), four_),
    'white ink on transparent ground': (transparent(ring, 255), ring),
    'black ink on transparent ground': (transparent(ring, 0), ring),
    'a small digit in the corner of a wide sheet': (
        255 - (small := on((200, 600), strokes((24, 30), [[(x * 0.3, y * 0.3) for x, y in line] for line in seven], 2), (540, 150))),
        small,
    ),
    'a digit of 12 pixels': ((tiny := strokes((10, 12), [[(x * 0.12, y * 0.12) for x, y in line] for line in seven], 1)), tiny),
    'a digit of 14 pixels with a faint rim': (
        255 - (faint := np.asarray(Image.fromarray(on((28, 28), strokes((20, 20), [[(x * 0.2, y * 0.2) for x, y in line] for line in four], 2), (4, 4))).resize((20, 20), Image.LANCZOS))),
        faint,
    ),
    'a large digit in grey': (np.where((big := strokes((160, 200), [[(2 * x, 2 * y) for x, y in line] for line in four], 12)) > 0, 230 - big // 2, 230).astype(np.uint8), None),
}
cases = []
for name, (sheet, ink) in sheets.items():
    if ink is None:
        ink = (230 - sheet.astype(int)).astype(np.uint8)
    cases.append({'name': name, 'png': text(file_of(sheet)), 'pixels': text(prepared(ink))})
blank = {
    'white paper': np.full((60, 80), 255, np.uint8),
    'black ground': np.zeros((28, 28), np.uint8),
    'transparent ground': np.zeros((40, 40, 4), np.uint8),
    'white on white': transparent(np.full((30, 30), 255, np.uint8), 255),
    'paper with grain': random.integers(246, 254, (60, 80)).astype(np.uint8),
}
write_json(
    'pictures/preparedDigits.json',
    {**VERSIONS, 'cases': cases, 'blank': [{'name': name, 'png': text(file_of(array))} for name, array in blank.items()]},
)


# --- CIFAR's Python version: pickles as Python 2 wrote them, and as Python 3 writes them. ---


class Python2Pickler(pickle._Pickler):
    """Protocol 2 with the strings of Python 2, which are bytes, as in the published files."""

    dispatch = pickle._Pickler.dispatch.copy()

    def save_string(self, obj):
        data = obj.encode('latin1') if isinstance(obj, str) else obj
        head = pickle.SHORT_BINSTRING + struct.pack('<B', len(data)) if len(data) < 256 else pickle.BINSTRING + struct.pack('<i', len(data))
        self.write(head + data)
        self.memoize(obj)

    dispatch[str] = save_string
    dispatch[bytes] = save_string


def pickled(batch, python):
    if python == 3:
        return pickle.dumps(batch, protocol=4)
    out = io.BytesIO()
    Python2Pickler(out, 2).dump(batch)
    return out.getvalue().replace(b'numpy._core.multiarray', b'numpy.core.multiarray')


batches = []
for python in (2, 3):
    for name, keys in {'cifar10': {'labels': 10}, 'cifar100': {'coarse_labels': 20, 'fine_labels': 100}}.items():
        data = np.repeat(random.integers(0, 256, (2, 96)), 32, axis=1).astype(np.uint8)
        labels = {key: random.integers(0, most, 2).tolist() for key, most in keys.items()}
        key_of = (lambda key: key.encode()) if python == 2 else (lambda key: key)
        batch = {key_of('batch_label'): key_of('training batch 1 of 1'), key_of('data'): data}
        batch |= {key_of(key): value for key, value in labels.items()}
        file = pickled(batch, python)
        assert (pickle.loads(file, encoding='bytes')[key_of('data')] == data).all()
        batches.append(
            {
                'name': f'{name}, Python {python}',
                'data': name,
                'gzippedPickle': text(gzip.compress(file, mtime=0)),
                'labels': labels[list(keys)[-1]],
                'gzippedImages': text(gzip.compress(data.reshape(2, 3, 32, 32).transpose(0, 2, 3, 1).tobytes(), mtime=0)),
            }
        )
write_json('pictures/cifarPython.json', {**VERSIONS, 'cases': batches})


# --- Sizes: Pillow's BILINEAR and BICUBIC, whose filters are widened by the scale. ---


def pattern(height, width, channels):
    y, x, c = np.mgrid[0:height, 0:width, 0:channels]
    return ((x * 37 + y * 91 + ((x * y) % 7) * 29 + c * 77) & 255).astype(np.uint8)


SIZES = ((512, 512, 1, 32, 32), (200, 300, 3, 43, 64), (31, 17, 3, 64, 48), (40, 40, 1, 40, 9))
FILTERS = {'bilinear': Image.BILINEAR, 'bicubic': Image.BICUBIC}
resized = []
for filter, height, width, channels, to_height, to_width in [(filter, *sizes) for filter in FILTERS for sizes in SIZES]:
    image = Image.fromarray(pattern(height, width, channels).squeeze())
    data = np.asarray(image.resize((to_width, to_height), FILTERS[filter]))
    resized.append({'filter': filter, 'from': [height, width, channels], 'to': [to_height, to_width], 'pixels': text(data.tobytes())})
write_json('pictures/resized.json', {**VERSIONS, 'cases': resized})

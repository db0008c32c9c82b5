#!/usr/bin/env bash
# Pillow 13.0.0 reads a grey PNG of 2 bits whose tRNS chunk makes grey 2 of 0..3 transparent. It widens pixels to bytes (0, 85, 170, 255) and
# then compares them with the chunk's 2 as it stands: no pixel is equal, so nothing is transparent. By the PNG specification the pixel with
# the sample 2 is. Picture viewers and browsers show a hole there.
#
# Seen: "grey [0, 85, 170, 255], alpha [255, 255, 255, 255]"; by the specification alpha is [255, 255, 0, 255].
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pillow==13.0.0

cat > read.py <<'PY'
import io, struct, zlib
from PIL import Image

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

png = b"\x89PNG\r\n\x1a\n"
png += chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 1, 2, 0, 0, 0, 0))
png += chunk(b"tRNS", struct.pack(">H", 2))
png += chunk(b"IDAT", zlib.compress(bytes([0, 0b00011011])))
png += chunk(b"IEND", b"")
grey, alpha = Image.open(io.BytesIO(png)).convert("LA").split()
print(f"grey {list(grey.tobytes())}, alpha {list(alpha.tobytes())}")
PY
seen=$(venv/bin/python read.py)
echo "$seen"
[ "$seen" = 'grey [0, 85, 170, 255], alpha [255, 255, 255, 255]' ] || { echo 'this is not what was seen'; exit 1; }

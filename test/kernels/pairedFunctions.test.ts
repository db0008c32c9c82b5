import { setFlagsFromString } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { instantiate } from '../../ts/kernels/instance.ts';
import { besideCode } from '../../ts/kernels/besideCode.ts';
import { loadModules } from '../../ts/kernels/modules.ts';
import { builds, pairs } from '../helpers/engines.ts';
import { HAS_AVX2 } from '../helpers/pairs.ts';
import { pairedFunctions, readTrace } from '../helpers/pairedFunctions.ts';

it("reads what V8 prints of a module's functions", () => {
  const trace = `Begin revec function kernels[f9a9]::gemm::tile::<kernels[f9a9]::lanes::Pair>
store seeds:
Revec: DecideVectorize 1600: Save: 57, cost: 20
Revec: Print 247: Decided to vectorize, 12 revectorizable nodes:
Revec: Print 254: Decided to vectorize, 3 revectorizable intersect nodes:
Revec: Print 247: Decide to vectorize, 30 revectorizable nodes:
Finished revec function kernels[f9a9]::gemm::tile::<kernels[f9a9]::lanes::Pair>
Begin revec function libm[1]::sin
Revec: Run 1489: Empty seed
Finished revec function libm[1]::sin
`;
  expect(readTrace(trace)).toEqual([
    { name: 'gemm::tile::<lanes::Pair>', operations: 42 },
    { name: 'libm::sin', operations: 0 },
  ]);
});

const wide = builds.filter((build) => build.includes('-256'));

it('takes builds of pairs where this run asks V8 for pairs, and not elsewhere', () => {
  expect(wide.length).toBe(pairs ? builds.length / 2 : 0);
});

/** Functions of pairs without a loop over pairs that lie together: frames of a product, and its edges. */
const UNPAIRED = [
  ...[/^gemm::panels::/, /^matmul::panels::/],
  ...[/^conv2d::im2col::/, /^gemm::tile::store_part::/],
  ...[
    /^depthwise::(forward|backward_input|backward_weight)::/,
    /^<depthwise::line::Line>::(tiles|walk)::/,
  ],
];

/** Kernels whose loops stand in the closure of their row, which does not say how wide it is. */
const STREAMING = [
  'add',
  'adamw_update',
  'copy',
  'copy_nd',
  'local_response_norm',
  'multiply',
  'reduce',
  'relu',
  'resample',
  'sgd_update',
  'sigmoid',
  'subsample_pad',
  'sum_pixels',
];

/** Parts of names of what takes most of the time. */
const HOT = [
  ...['gemm::tile::multiply_slice', 'gemm::plain', 'conv2d::pointwise', 'conv2d::implicit_gemm'],
  ...['conv2d::positions', 'conv2d::taps_weight', 'conv2d::backward_weight::outer_product'],
  ...['winograd::forward::multiply_tiles', 'winograd::forward::write_channels'],
  ...['winograd::backward_weight::add_position', 'winograd::tiles::whole_square'],
  ...['winograd::lean::multiply_tiles', 'winograd::lean::transform_lines', 'winograd::pack'],
  ...['batch_norm::simd::', 'batch_norm::simd_backward::', 'max_pool2d::simd', 'avg_pool2d::simd'],
  ...['layer_norm::simd', 'group_norm::images'],
];

// V8 pairs on processors with AVX2 alone. Elsewhere the flag is known and does nothing.
if (pairs && HAS_AVX2) {
  describe.each(wide)('%s in the optimised code of this V8', async (build) => {
    const modules = [build, 'extra-256'] as const;
    const functions = (await Promise.all(modules.map(pairedFunctions))).flat();
    const paired = functions.filter(({ operations }) => operations > 0).map(({ name }) => name);
    const ofPairs = functions.filter(({ name }) => name.includes('lanes::Pair<'));

    it('has pairs in every kernel that is written in pairs', () => {
      const left = ofPairs.map(({ name }) => name).filter((name) => !paired.includes(name));
      expect(left.filter((name) => !UNPAIRED.some((pattern) => pattern.test(name)))).toEqual([]);
    });

    it.each(HOT)('has pairs in %s', (part) => {
      const instances = ofPairs.filter(({ name }) => name.includes(part));
      expect(instances.length, 'functions of that name').toBeGreaterThan(0);
      for (const { name, operations } of instances) expect(operations, name).toBeGreaterThan(0);
    });

    it.each(STREAMING)('has pairs in the loop of %s', (kernel) => {
      expect(paired.some((name) => name.startsWith(`${kernel}::KERNELS::`))).toBe(true);
    });

    it('keeps the sums of whole tiles in pairs', () => {
      const tile = ofPairs.filter(({ name }) => name.startsWith('gemm::tile::multiply_slice'));
      // Four rows by two pairs at least: each sum, its product and its store.
      for (const { name, operations } of tile) expect(operations, name).toBeGreaterThan(3 * 8);
    });
  });

  it('the extra module has pairs in every tile of depthwise convolutions', async () => {
    const functions = await pairedFunctions('extra-256');
    const inner =
      /^(depthwise::tile::|<depthwise::backward_weight::Line>::(add|tap_by_tap)).*Pair</;
    const tiles = functions.filter(({ name }) => inner.test(name));
    expect(tiles.length).toBeGreaterThan(24);
    for (const { name, operations } of tiles) expect(operations, name).toBeGreaterThan(10);
  });

  it('runs optimised code in this process', async () => {
    const [build] = wide;
    const { module } = await loadModules(build!, besideCode);
    const { kernels } = instantiate(module);
    kernels.plan_version();
    setFlagsFromString('--allow-natives-syntax');
    const ask = new Function('f', 'return [%IsLiftoffFunction(f), %IsTurboFanFunction(f)]');
    expect(ask(kernels.plan_version)).toEqual([false, true]);
  });
}

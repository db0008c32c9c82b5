import { encode } from 'fast-png';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { currentEngine, init } from '../../ts/core/init.ts';
import { normalise } from '../../ts/data/normalise.ts';
import { readTensors, writeTensors } from '../../ts/io/node/weightsFile.ts';
import { saveWeights } from '../../ts/io/weights.ts';
import { resnet8 } from '../../ts/models/index.ts';
import { Predictor } from '../../ts/train/predictor.ts';
import { goldenTensor } from '../golden/generator.ts';
import { expectClose } from '../helpers/close.ts';
import { residua } from './cli.ts';

const CLASSES = ['cat', 'dog', 'a fox', 'owl', 'ape'];
const BY = { mean: [0.4, 0.5, 0.6], std: [0.25, 0.5, 0.2] };
const pixels = Uint8Array.from(
  goldenTensor('plain.pixels', [32, 32, 3], 0.5, 0.5),
  (value) => 255 * value,
);

const folder = mkdtempSync(join(tmpdir(), 'residua-plain-'));
const at = (name: string): string => join(folder, name);
/** Probabilities of the classes by the library. */
let expected: Float32Array;
let logits: Float32Array;

beforeAll(async () => {
  await init({ threads: 1, numerics: 'strict' });
  const model = resnet8({ numClasses: 5, seed: 3 });
  const predictor = new Predictor(model);
  expected = await predictor.probabilities(normalise(pixels, BY), [1, 32, 32, 3]);
  logits = await predictor.logits(normalise(pixels, BY), [1, 32, 32, 3]);
  const { tensors } = saveWeights(model);
  const named = (rename: (name: string) => string): typeof tensors =>
    new Map([...tensors].map(([name, tensor]) => [rename(name), tensor]));
  const write = (file: string, rename: (name: string) => string): Promise<string> =>
    writeTensors(at(file), { tensors: named(rename), metadata: {} });
  await write('plain.safetensors', (name) => name);
  await write('module.safetensors', (name) => `module.${name}`);
  await write('head.safetensors', (name) => `net.${name.replace(/^fc\./, 'head.')}`);
  writeFileSync(at('classes.txt'), `${CLASSES.join('\n')}\n`);
  writeFileSync(
    at('a.png'),
    encode({ width: 32, height: 32, channels: 3, depth: 8, data: pixels }),
  );
  const input = { dtype: 'U8', shape: [1, 32, 32, 3], data: pixels } as const;
  await writeTensors(at('in.safetensors'), { tensors: new Map([['input', input]]), metadata: {} });
  currentEngine().close();
});
afterAll(() => rmSync(folder, { recursive: true }));

const network = ['--model', 'resnet8', '--numerics', 'strict'];
const images = ['--mean', '0.4,0.5,0.6', '--std', '0.25,0.5,0.2'];
const weights = (file: string): string[] => [...network, '--weights', at(file)];

interface Predicted {
  readonly classes: readonly { readonly name: string; readonly probability: number }[];
}

describe('residua predict with plain weights', () => {
  it.each<[string, string[], RegExp]>([
    ['plain.safetensors', [], /^$/],
    ['module.safetensors', [], /all names begin with module\., which was taken off/],
    ['head.safetensors', ['--prefix', 'net.', '--rename', 'head=fc'], /^$/],
  ])('%s', async (file, flags, said) => {
    const classes = ['--classes', at('classes.txt')];
    const { code, stdout, stderr } = await residua(
      ...['predict', at('a.png'), '--json', ...weights(file), ...flags, ...classes, ...images],
    );
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(said);
    const [{ classes: ranked }] = JSON.parse(stdout) as [Predicted];
    const order = [...expected.keys()].sort((a, b) => expected[b]! - expected[a]!).slice(0, 3);
    expect(ranked.map(({ name }) => name)).toEqual(order.map((index) => CLASSES[index]));
    const probabilities = ranked.map(({ probability }) => probability);
    expectClose(
      probabilities,
      order.map((index) => expected[index]!),
      1e-5,
      'probabilities',
    );
  });

  it.each<[string, string[], RegExp]>([
    ['no network', ['--weights', 'x'], /^residua: predict: --model is missing but --model and/],
    ['no weights', ['--model', 'resnet8'], /^residua: predict: --weights is missing but --model/],
    ['two networks', ['--run', 'x', '--weights', 'y'], /--run and --weights are there but one/],
    [
      'no mean',
      weights('plain.safetensors'),
      /--mean has 0 numbers but the network has 3 channels$/,
    ],
    [
      'too few numbers',
      [...weights('plain.safetensors'), '--mean', '1,2', '--std', '1'],
      /--mean has 2 numbers but the network has 3 channels$/,
    ],
    [
      'a deviation of zero',
      [...weights('plain.safetensors'), '--std', '0'],
      /It must be numbers above 0 with commas between/,
    ],
    [
      'a renaming of one name',
      [...weights('plain.safetensors'), '--rename', 'fc'],
      /It must be two names with = between, such as head=fc\./,
    ],
  ])('says what is wrong with %s', async (_, flags, message) => {
    const { code, stderr } = await residua('predict', at('a.png'), ...flags);
    expect(code).not.toBe(0);
    expect(stderr.trimEnd()).toMatch(message);
  });

  it('wants a name for each class', async () => {
    writeFileSync(at('few.txt'), 'cat\ndog\n');
    const { code, stderr } = await residua(
      ...['predict', at('a.png'), ...weights('plain.safetensors'), ...images],
      ...['--classes', at('few.txt')],
    );
    expect([code, stderr.trimEnd()]).toEqual([
      1,
      `residua: ${at('few.txt')}: classes: are 2 but ${at('plain.safetensors')} has outputs for 5`,
    ]);
  });
});

describe('residua run with weights of others', () => {
  const run = (...flags: string[]): ReturnType<typeof residua> =>
    residua('run', '--input', at('in.safetensors'), '--output', at('out.safetensors'), ...flags);

  it('takes pixels with mean and deviation, and names the likeliest class', async () => {
    const renamed = ['--prefix', 'net.', '--rename', 'head=fc'];
    const { code, stdout, stderr } = await run(
      ...[...weights('head.safetensors'), ...renamed, ...images],
      ...['--classes', at('classes.txt'), '--json'],
    );
    expect(code, stderr).toBe(0);
    const best = CLASSES[expected.indexOf(Math.max(...expected))];
    expect(JSON.parse(stdout)).toMatchObject({ likeliest: [best] });
    const { tensors } = await readTensors(at('out.safetensors'));
    expectClose(tensors.get('logits')!.data as Float32Array, logits, 1e-6, 'logits');
  });

  it('wants to know how pixels are normalised', async () => {
    const { code, stderr } = await run(...weights('plain.safetensors'));
    expect([code, stderr.trimEnd()]).toEqual([
      1,
      `residua: ${at('in.safetensors')}: run: input is U8 but must be F32, F16, BF16 or F64, or U8 pixels with --mean and --std`,
    ]);
  });
});

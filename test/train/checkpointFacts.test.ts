import { describe, expect, it } from 'vitest';
import { DATASETS } from '../../ts/data/catalog.ts';
import { FormatError } from '../../ts/base/errors.ts';
import { checkpointFacts } from '../../ts/train/checkpoint.ts';
import { errorOf } from '../data/generated.ts';

type Json = Record<string, unknown>;

/** What `residua train` of version 0.1.0 wrote. */
const facts = (): { data: Json; modelOptions: Json } & Json => ({
  version: 1,
  step: 4,
  model: 'resnet8',
  modelOptions: { numClasses: 10, inChannels: 1, stem: 'cifar' },
  data: {
    name: 'mnist',
    height: 28,
    width: 28,
    channels: 1,
    classes: [...DATASETS.mnist.classes],
    mean: [0.1307],
    std: [0.3081],
  },
  seed: 1,
  settings: { note: 'kept' },
});

const read = (value: unknown): unknown =>
  checkpointFacts({ tensors: new Map(), metadata: { residua: JSON.stringify(value) } }, 'a');

describe('facts of a checkpoint', () => {
  it('are read as they were written', () => {
    expect(read(facts())).toEqual(facts());
  });

  it('may say more than this version knows', () => {
    const later = { ...facts(), colour: 'blue', normalisation: { mean: [1], std: [2] } };
    expect(read(later)).toEqual(later);
    const prepared = facts();
    prepared.data['preparation'] = DATASETS.mnist.preparation;
    expect(read(prepared)).toEqual(prepared);
  });

  it('may leave classes without names', () => {
    const unnamed = facts();
    unnamed.data['classes'] = [];
    expect(read(unnamed)).toEqual(unnamed);
  });

  const inData = (change: Json): Json => ({ data: { ...facts().data, ...change } });
  it.each<[Json, string]>([
    [{ model: 7 }, 'model: is 7 but must be string'],
    [{ model: '' }, 'model: is "" but must be a name'],
    [{ step: -1 }, 'step: is -1 but must be at least 0'],
    [{ step: 1.5 }, 'step: is 1.5 but must be a whole number'],
    [{ step: 1e300 }, 'step: is 1e+300 but must be a whole number below 2^53'],
    [{ seed: '1' }, 'seed: is "1" but must be number'],
    [{ settings: [] }, 'settings: is [] but must be an object'],
    [{ modelOptions: [] }, 'modelOptions: is [] but must be an object'],
    [{ modelOptions: { numClasses: 0 } }, 'modelOptions.numClasses: is 0 but must be at least 1'],
    [
      { modelOptions: { stem: 'toString' } },
      'modelOptions.stem: is "toString" but must be ("imagenet" | "cifar")',
    ],
    [inData({ height: 0 }), 'data.height: is 0 but must be at least 1'],
    [
      { ...inData({ height: 4000 }), trainedOn: { height: 28, width: 28 } },
      'data.height: is 4000 but the network was trained on images of 28 × 28',
    ],
    [{ trainedOn: { height: 0, width: 28 } }, 'trainedOn.height: is 0 but must be at least 1'],
    [inData({ height: 1e9 }), 'data.height: is 1000000000 but must be at most 16777216'],
    [
      { ...inData({ height: 5000, width: 5000 }), modelOptions: {} },
      'data.height and width: images are 5000 × 5000 × 1 but at most 16777216 values are allowed',
    ],
    [inData({ classes: ['a', 'b'] }), 'data.classes: has 2 names but the network has 10 outputs'],
    [inData({ classes: 'abc' }), 'data.classes: is "abc" but must be Array'],
    [inData({ classes: [7] }), 'data.classes.0: is 7 but must be string'],
    [
      inData({ classes: ['\x1b[2J'] }),
      'data.classes.0: is "\\u001b[2J" but must be text without control characters',
    ],
    [inData({ name: 'a\nb' }), 'data.name: is "a\\nb" but must be text without control characters'],
    [inData({ std: [0] }), 'data.std.0: is 0 but must be above 0'],
    [inData({ std: [null] }), 'data.std.0: is null but must be number'],
    [inData({ mean: [] }), 'data.mean: has 0 values but images have 1 channels'],
    [inData({ mean: undefined }), 'data.mean: is missing'],
    [
      inData({ channels: 3, mean: [0, 0, 0], std: [1, 1, 1] }),
      'data.channels: is 3 but the network takes 1',
    ],
    [{ normalisation: { mean: [0], std: [-1] } }, 'normalisation.std.0: is -1 but must be above 0'],
    [{ begun: { step: 1.5, epoch: 0 } }, 'begun.step: is 1.5 but must be a whole number'],
    [
      inData({ preparation: { inkSize: 0, centre: 'mass', fullContrast: true } }),
      'data.preparation.inkSize: is 0 but must be at least 1',
    ],
  ])('are refused when they say %j', (change, message) => {
    const error = errorOf(() => read({ ...facts(), ...change }));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toBe(`a: checkpoint: ${message}`);
  });

  it.each([null, 7, [], 'text'])('are refused when they are %j', (value) => {
    expect(errorOf(() => read(value))).toBeInstanceOf(FormatError);
  });
});

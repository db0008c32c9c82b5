import { describe, expect, it } from 'vitest';
import { DATASETS } from '../../ts/data/catalog.ts';
import { FormatError } from '../../ts/base/errors.ts';
import {
  secondsInCheckpoint,
  settingsInCheckpoint,
  settingsInConfig,
} from '../../ts/cli/training/trainSettingsSchema.ts';
import type { CheckpointFacts } from '../../ts/train/checkpoint.ts';
import { errorOf } from '../data/generated.ts';

const settings = {
  model: 'resnet8',
  data: 'mnist',
  epochs: 1,
  batch: 64,
  lr: 0.1,
  seed: 1,
  optimizer: 'sgd',
  momentum: 0.9,
  weightDecay: 5e-4,
  schedule: 'one-cycle',
  labelSmoothing: 0,
  augment: false,
  numerics: 'fast',
};

const factsWith = (train: unknown, data = {}, rest = {}): CheckpointFacts => ({
  model: 'resnet8',
  modelOptions: { numClasses: 10, inChannels: 1, stem: 'cifar' },
  data: { ...DATASETS.mnist, ...data },
  step: 4,
  seed: 1,
  settings: { train, ...rest },
});

describe('settings in a checkpoint', () => {
  it('are those that the run began with, and what a later version adds', () => {
    const later = { ...settings, accumulate: 2, dropLast: true };
    expect(settingsInCheckpoint(factsWith(later), 'a')).toEqual(later);
    expect(settingsInCheckpoint(factsWith(undefined), 'a')).toBeUndefined();
  });

  it.each<[object, string]>([
    [{ schedule: 'toString' }, 'schedule: is "toString" but must be ("one-cycle" | "cosine" |'],
    [{ epochs: 1e300 }, 'epochs: is 1e+300 but must be a whole number below 2^53'],
    [{ epochs: 0 }, 'epochs: is 0 but must be at least 1'],
    [{ batch: 2.5 }, 'batch: is 2.5 but must be a whole number'],
    [{ lr: -1 }, 'lr: is -1 but must be at least 0'],
    [{ lr: null }, 'lr: is null but must be number'],
    [{ momentum: 1 }, 'momentum: is 1 but must be at most 0.9999'],
    [{ optimizer: 'constructor' }, 'optimizer: is "constructor" but must be ("sgd" | "adamw")'],
    [{ numerics: 'FAST' }, 'numerics: is "FAST" but must be ("strict" | "fast")'],
    [{ augment: 'no' }, 'augment: is "no" but must be boolean'],
    [{ limit: -5 }, 'limit: is -5 but must be at least 1'],
    [{ model: '\x1b]0;a\x07' }, 'model: is "\\u001b]0;a\\u0007" but must be text without control'],
  ])('are refused when they say %j', (change, message) => {
    const error = errorOf(() => settingsInCheckpoint(factsWith({ ...settings, ...change }), 'a'));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toContain(`a: checkpoint: settings.train: ${message}`);
  });

  it('must agree with the images', () => {
    expect(() => settingsInCheckpoint(factsWith(settings, { height: 400 }), 'a')).toThrow(
      'a: checkpoint: data: images are 400 × 28 × 1 but those of mnist are 28 × 28 × 1',
    );
    expect(() => settingsInCheckpoint(factsWith(settings, { classes: ['a'] }), 'a')).toThrow(
      'a: checkpoint: data.classes: are ["a"] but those of mnist are ["0", "1", "2"',
    );
    const own = { ...settings, data: 'own' };
    expect(() => settingsInCheckpoint(factsWith(own, { height: 400 }), 'a')).toThrow(
      "a: checkpoint: data.height: is 400, for which the stem is the network's own, but modelOptions.stem is cifar",
    );
  });

  it('are those of config.json without where the run took place', () => {
    const config = { ...settings, threads: 2, build: 'simd', runtime: 'node', started: 'noon' };
    expect(settingsInConfig(JSON.stringify(config), 'c')).toEqual(settings);
    expect(() => settingsInConfig('{', 'c')).toThrow('c: is not JSON');
    expect(() => settingsInConfig('[]', 'c')).toThrow('c: is [] but must be an object');
    expect(() => settingsInConfig('{}', 'c')).toThrow('c: model: is missing');
  });

  it('say how long the run has trained', () => {
    expect(secondsInCheckpoint(factsWith(settings), 'a')).toBe(0);
    expect(secondsInCheckpoint(factsWith(settings, {}, { trainSeconds: 2.5 }), 'a')).toBe(2.5);
    expect(() => secondsInCheckpoint(factsWith(settings, {}, { trainSeconds: '9' }), 'a')).toThrow(
      'a: checkpoint: settings.trainSeconds: is "9" but must be number',
    );
  });
});

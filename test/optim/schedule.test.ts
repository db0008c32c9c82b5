import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { currentEngine, init } from '../../ts/core/init.ts';
import {
  constantSchedule,
  cosineSchedule,
  oneCycleSchedule,
  stepSchedule,
  type Schedule,
} from '../../ts/optim/schedule.ts';
import { readGolden } from '../golden/readGolden.ts';

beforeAll(async () => {
  await init({ threads: 1 });
});
afterAll(() => currentEngine().close());

const files = readdirSync(new URL('../golden/schedules/', import.meta.url)).map((file) =>
  readGolden(`schedules/${file}`),
);
const LR = files[0]!.fact<number>('lr');
const [FIRST, LAST] = files[0]!.fact<[number, number]>('runs');
const FULL = files[0]!.fact<number[]>('full');

const percents = (text: string): number[] => text.split('.').map((share) => Number(share) / 100);

/** The schedule that a golden array is named after. */
function scheduleOf(name: string): Schedule {
  const [kind, setting] = name.split('/') as [string, string];
  switch (`${kind}/${setting}`) {
    case 'step/gamma':
      return stepSchedule(LR, [0.5, 0.75], 0.3);
    case 'cosine/last':
      return cosineSchedule(LR, { warmup: 0.1, last: 0.01 });
    case 'oneCycle/factors':
      return oneCycleSchedule(LR, { start: 10, end: 100 });
  }
  const [share] = percents(setting);
  if (kind === 'step') return stepSchedule(LR, percents(setting));
  if (kind === 'cosine') return cosineSchedule(LR, { warmup: share });
  return oneCycleSchedule(LR, { rise: share });
}

const ratesOf = (schedule: Schedule, steps: number): number[] =>
  Array.from({ length: steps }, (_, step) => schedule(step, steps));

const cases = files.flatMap((golden) =>
  [...golden.arrays.keys()]
    .filter((name) => name.endsWith('/sums'))
    .map((name) => [name.replace('/sums', ''), golden] as const),
);

describe('schedules are those of PyTorch', () => {
  it('has tables of all', () => {
    expect(cases).toHaveLength(5 + 7 + 5);
    expect([FIRST, LAST]).toEqual([1, 500]);
  });

  it.each(cases)(`%s, runs of ${FIRST} to ${LAST} steps`, (name, golden) => {
    const schedule = scheduleOf(name);
    const sums = golden.array(`${name}/sums`).values;
    for (let steps = FIRST; steps <= LAST; steps++) {
      const [sum, moment, most] = sums.slice(3 * (steps - 1), 3 * steps) as unknown as number[];
      // PyTorch 1.13 divides by zero where the rise has one step.
      if (Number.isNaN(sum)) continue;
      const rates = ratesOf(schedule, steps);
      const found = [
        rates.reduce((all, rate) => all + rate, 0),
        rates.reduce((all, rate, step) => all + (rate * (step + 1)) / steps, 0),
        Math.max(...rates),
      ];
      const errors = [sum!, moment!, most!].map((wanted, i) => Math.abs(found[i]! - wanted));
      expect(Math.max(...errors), `${steps} steps`).toBeLessThan(1e-12 * steps);
    }
  });

  it.each(cases)('%s, step by step', (name, golden) => {
    const schedule = scheduleOf(name);
    const expected = golden.array(`${name}/full`).values;
    let at = 0;
    for (const steps of FULL) {
      ratesOf(schedule, steps).forEach((rate, step) => {
        const wanted = expected[at++]!;
        if (Number.isNaN(wanted)) return;
        expect(Math.abs(rate - wanted), `${steps} steps: step ${step}`).toBeLessThan(1e-14);
      });
    }
    expect(at).toBe(expected.length);
  });
});

describe('schedules', () => {
  it('never go above the rate that was asked for, whatever the share', () => {
    const beyond: string[] = [];
    for (let percent = 0; percent <= 100; percent++) {
      const share = percent / 100;
      const schedules = {
        cosine: cosineSchedule(LR, { warmup: share, last: LR / 3 }),
        oneCycle: oneCycleSchedule(LR, { rise: share }),
        step: stepSchedule(LR, [share]),
      };
      for (const [name, schedule] of Object.entries(schedules)) {
        for (let steps = 1; steps <= 60; steps++) {
          const rates = ratesOf(schedule, steps);
          if (!rates.every((rate) => rate >= 0 && rate <= LR))
            beyond.push(`${name}, ${percent} % of ${steps}`);
        }
      }
    }
    expect(beyond).toEqual([]);
  });

  it('change at the nearest whole step for every whole per cent', () => {
    const wrong: string[] = [];
    for (let percent = 1; percent < 100; percent++) {
      const falling = stepSchedule(1, [percent / 100], 0);
      const rising = cosineSchedule(1, { warmup: percent / 100 });
      for (let steps = 1; steps <= LAST; steps++) {
        const at = Math.floor((2 * percent * steps + 100) / 200);
        const right =
          (at === 0 || (falling(at - 1, steps) === 1 && rising(0, steps) === 1 / at)) &&
          (at === steps || falling(at, steps) === 0);
        if (!right) wrong.push(`${percent} % of ${steps}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('begin and fall where they should in short runs', () => {
    expect(ratesOf(cosineSchedule(0.1, { warmup: 0.05 }), 4)[0]).toBe(0.1);
    expect(ratesOf(cosineSchedule(0.1, { warmup: 0.05 }), 30).slice(0, 3)).toEqual([
      0.05, 0.1, 0.1,
    ]);
    expect(constantSchedule(0.1)(3, 4)).toBe(0.1);
    expect(ratesOf(stepSchedule(8, undefined, 0.5), 8)).toEqual([8, 8, 8, 8, 4, 4, 2, 2]);
    expect(stepSchedule(1)(1, 2)).toBe(0.1);
  });

  it.each([
    [() => constantSchedule(NaN), 'constantSchedule: lr is NaN but must be a number ≥ 0'],
    [() => constantSchedule(1e39), 'constantSchedule: lr is 1e+39'],
    [() => stepSchedule(-1), 'stepSchedule: lr is -1 but must be a number ≥ 0'],
    [
      () => stepSchedule(0.1, [50]),
      'stepSchedule: a milestone is 50 but must be a number ≥ 0 and ≤ 1',
    ],
    [() => stepSchedule(0.1, [0.5], NaN), 'stepSchedule: gamma is NaN'],
    [() => cosineSchedule(0.1, { warmup: 5 }), 'cosineSchedule: warmup is 5'],
    [
      () => cosineSchedule(0.1, { last: 0.2 }),
      'cosineSchedule: last is 0.2 but must be a number ≥ 0 and ≤ 0.1',
    ],
    [() => oneCycleSchedule(0.1, { rise: -0.1 }), 'oneCycleSchedule: rise is -0.1'],
    [
      () => oneCycleSchedule(0.1, { start: 0 }),
      'oneCycleSchedule: start is 0 but must be a number ≥ 1',
    ],
    [() => oneCycleSchedule(0.1, { end: NaN }), 'oneCycleSchedule: end is NaN'],
  ])('refuse a setting out of its range: %#', (make, message) => {
    expect(make).toThrow(RangeError);
    expect(make).toThrow(message);
  });
});

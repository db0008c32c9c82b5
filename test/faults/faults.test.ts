import { describe, expect, it } from 'vitest';
import { killTraining } from './kills.mjs';
import { endWorkers } from './workerDeaths.mjs';

// `node scripts/faults.mjs` does 40 and 20.
const seed = Date.now() % 1_000_000;

describe(`faults at random moments, seed ${seed}`, { timeout: 300_000 }, () => {
  it('five kills of a training process lose nothing', async () => {
    await expect(killTraining({ count: 5, seed })).resolves.toBeUndefined();
  });

  it('three ends of a worker are told, and block nothing', async () => {
    await expect(endWorkers({ count: 3, seed })).resolves.toBeUndefined();
  });
});

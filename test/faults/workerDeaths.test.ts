import { expect, it } from 'vitest';
import { endWorkers } from './workerDeaths.mjs';

/** Workers that are ended; more by `RESIDUA_DEATHS=20`, and the same again by `RESIDUA_SEED`. */
const DEATHS = Number(process.env['RESIDUA_DEATHS'] ?? 3);
const SEED = Number(process.env['RESIDUA_SEED'] ?? Math.floor(Math.random() * 2 ** 32));

it(
  `${DEATHS} ends of a worker are told, and block nothing`,
  async () => {
    console.log(`RESIDUA_SEED=${SEED} RESIDUA_DEATHS=${DEATHS}`);
    await expect(endWorkers({ count: DEATHS, seed: SEED })).resolves.toBeUndefined();
  },
  60_000 + 60_000 * DEATHS,
);

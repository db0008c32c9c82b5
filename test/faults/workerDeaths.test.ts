import { expect, it } from 'vitest';
import { bunBinary, denoBinary } from '../../scripts/runtimes.mjs';
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

it.each([
  ['Deno', denoBinary(), ['run', '--no-prompt', '--no-lock', '-A']],
  ['Bun', bunBinary(), []],
])(
  'so they are in %s',
  async (name, binary, flags) => {
    // Whoever sets up the tests is told that it is missing.
    if (!binary) return console.log(`${name} is not installed`);
    const run = endWorkers({ count: 2, seed: SEED, command: [binary, ...flags] });
    await expect(run).resolves.toBeUndefined();
  },
  180_000,
);

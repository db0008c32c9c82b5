// Kills and ends what trains, at random moments: `node scripts/faults.mjs [--kills 40] [--deaths 20] [--seed n]`.
import { parseArgs } from 'node:util';
import { killTraining } from '../test/faults/kills.mjs';
import { endWorkers } from '../test/faults/workerDeaths.mjs';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '40' },
    deaths: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const seed = Number(values.seed);
const say = (line) => console.log(line);
say(`seed ${seed}`);
await killTraining({ count: Number(values.kills), seed, say });
await endWorkers({ count: Number(values.deaths), seed, say });
say(`${values.kills} kills and ${values.deaths} worker deaths: nothing was lost, wrong or blocked`);

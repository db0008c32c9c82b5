// Prints strictTraining's result as JSON: `node run.mjs [threads]`, `deno run --allow-read run.mjs [threads]`.
import process from 'node:process';
import * as residua from '../../dist/index.js';
import { strictTraining } from './strictTraining.mjs';

const threads = Number(process.argv[2] ?? 1);
console.log(JSON.stringify(await strictTraining(residua, { threads })));

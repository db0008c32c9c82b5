// A process that prints what firstLogits says: of the index.js and the weights that its arguments name.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { firstLogits } from './firstLogits.mjs';

const [, , index, weights] = process.argv;
const told = await firstLogits(pathToFileURL(index).href, new Uint8Array(readFileSync(weights)));
process.stdout.write(JSON.stringify(told));

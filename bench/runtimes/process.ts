/** What a process of any runtime does: prints its facts, then the times of a round for every line it is given. */
import process from 'node:process';
import { createInterface } from 'node:readline';
import { parseSimd } from '../simd.ts';
import { prepareRounds } from './rounds.ts';

const { facts, round } = await prepareRounds(
  Number(process.argv[2]),
  parseSimd(process.argv[3] ?? 'auto'),
);
const print = (data: unknown): void => void process.stdout.write(`${JSON.stringify(data)}\n`);
print(facts);
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'end') break;
  print(await round());
}
process.exit(0);

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { parseSafetensors } from '../../ts/io/safetensors.ts';
import { RandomStream } from '../../ts/base/random.ts';
import { residua, start } from '../cli/cli.ts';

/** Kills of one run; more by `RESIDUA_KILLS=40`, and one seed again by `RESIDUA_SEED`. */
const KILLS = Number(process.env['RESIDUA_KILLS'] ?? 5);
const SEED = Number(process.env['RESIDUA_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const STEPS_AN_EPOCH = 16;
const LONGEST_MS = 2000;

const folder = mkdtempSync(join(tmpdir(), 'residua-kills-'));
afterAll(() => rmSync(folder, { recursive: true }));

const settings = [
  ...['--model', 'resnet8', '--limit', '256', '--test-limit', '20', '--batch', '16'],
  ...['--schedule', 'constant', '--lr', '0.01', '--epochs'],
];

function tensorsOf(run: string): Map<string, unknown> {
  const file = join(folder, run, 'checkpoint.safetensors');
  const { tensors } = parseSafetensors(readFileSync(file), file);
  return new Map([...tensors].map(([name, { data }]) => [name, [...data]]));
}

/** What metrics.jsonl says, but for times. */
function linesOf(run: string): unknown[] {
  const text = readFileSync(join(folder, run, 'metrics.jsonl'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => ({ ...(JSON.parse(line) as object), milliseconds: 0, trainSeconds: 0 }));
}

/** What result.json says of the network. */
function tested(run: string): unknown {
  const result = JSON.parse(readFileSync(join(folder, run, 'result.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  return ['testAccuracy', 'testLoss', 'step', 'steps', 'aborted'].map((name) => result[name]);
}

it(
  `a run that is killed ${KILLS} times ends as if nothing had happened`,
  async () => {
    console.log(`RESIDUA_SEED=${SEED} RESIDUA_KILLS=${KILLS}`);
    const random = new RandomStream(SEED, 'kills');
    const run = join(folder, 'killed');
    const isBegun = (): boolean =>
      existsSync(join(run, 'config.json')) || existsSync(join(run, 'checkpoint.safetensors'));
    // Enough epochs that the last kill finds it at work.
    const epochs = String(3 + 2 * KILLS);
    // Beside the other, whose process is away half of the time.
    const uncut = residua('train', ...settings, epochs, '--out', join(folder, 'straight'));
    let cutShort = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const how = isBegun() ? ['--resume', run] : [...settings, epochs, '--out', run];
      const { child, ended } = start(['train', ...how]);
      await Promise.race([sleep(random.below(LONGEST_MS)), ended]);
      child.kill('SIGKILL');
      const { code, stderr } = await ended;
      if (code === null) cutShort++;
      // A machine may be fast enough to end before it is killed.
      else expect(code === 0 || stderr.includes('steps are done'), stderr).toBe(true);
    }
    expect(cutShort).toBeGreaterThan(0);
    const done = isBegun()
      ? await residua('train', '--resume', run, '--json')
      : await residua('train', ...settings, epochs, '--out', run, '--json');
    expect(done.code === 0 || done.stderr.includes('steps are done'), done.stderr).toBe(true);
    const straight = await uncut;
    expect(straight.code, straight.stderr).toBe(0);

    expect(tensorsOf('killed')).toEqual(tensorsOf('straight'));
    expect(linesOf('killed')).toEqual(linesOf('straight'));
    expect(linesOf('killed')).toHaveLength(Number(epochs) * (STEPS_AN_EPOCH + 1));
    expect(tested('killed')).toEqual(tested('straight'));
    expect(readdirSync(run).sort()).toEqual(readdirSync(join(folder, 'straight')).sort());
  },
  300_000 + KILLS * 30_000,
);

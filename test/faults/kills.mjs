// Kills training processes at random moments and resumes them: the end must be that of a run that nobody disturbed.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dist } from '../../scripts/setup/paths.mjs';

const PROGRAM = join(dist, 'cli.js');
const SETTINGS = [
  ...['--model', 'resnet8', '--limit', '128', '--test-limit', '32', '--batch', '32'],
  ...['--epochs', '6', '--threads', '1', '--numerics', 'strict'],
];

/** What a run that was killed between its last checkpoint and its report says when it is resumed. */
const ALL_DONE = /resume: all \d+ steps are done/;

/** Runs the program, killed after `milliseconds` unless it has ended; true when it was killed. */
function train(args, milliseconds) {
  const child = spawn(process.execPath, [PROGRAM, 'train', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const timer = milliseconds && setTimeout(() => child.kill('SIGKILL'), milliseconds);
  return new Promise((resolve, reject) => {
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (signal === 'SIGKILL') resolve(true);
      else if (code === 0 || ALL_DONE.test(stderr)) resolve(false);
      else reject(new Error(`train ${args.join(' ')} ended with ${code ?? signal}:\n${stderr}`));
    });
  });
}

/** Every tensor of a run's checkpoint, as text by name. */
async function tensorsOf(run) {
  const { parseSafetensors } = await import(join(dist, 'index.js'));
  const file = join(run, 'checkpoint.safetensors');
  const { tensors } = parseSafetensors(readFileSync(file), file);
  return new Map(
    [...tensors].map(([name, { data }]) => [
      name,
      Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'),
    ]),
  );
}

/** `step loss` of each step's record. */
const lossesOf = (run) =>
  readFileSync(join(run, 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ kind }) => kind === 'step')
    .map(({ step, loss }) => `${step} ${loss}`);

/** Numbers in [0, 1) from a seed. */
function numbers(seed) {
  let word = seed >>> 0;
  return () => (word = (Math.imul(word, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

/**
 * Kills `count` times, resuming until a run has ended; throws where a checkpoint cannot be read or the end is another.
 *
 * @param {{ count: number, seed: number, say?: (line: string) => void }} options
 */
export async function killTraining({ count, seed, say = () => {} }) {
  const folder = mkdtempSync(join(tmpdir(), 'residua-kills-'));
  const random = numbers(seed);
  try {
    const whole = join(folder, 'whole');
    const started = performance.now();
    await train([...SETTINGS, '--out', whole]);
    const milliseconds = performance.now() - started;
    const [tensors, losses] = [await tensorsOf(whole), lossesOf(whole)];
    let kills = 0;
    for (let index = 0; kills < count; index++) {
      const run = join(folder, `run${index}`);
      let args = [...SETTINGS, '--out', run];
      while (await train(args, kills < count ? (0.1 + random()) * milliseconds : undefined)) {
        kills++;
        const saved = existsSync(join(run, 'checkpoint.safetensors'));
        if (saved) await tensorsOf(run);
        // What was killed before its first checkpoint begins again.
        else rmSync(run, { recursive: true, force: true });
        if (saved) args = ['--resume', run];
        say(`kill ${kills} of ${count}: ${saved ? 'resumed' : 'no checkpoint yet'}`);
      }
      const differs = (name) =>
        new Error(`seed ${seed}, run ${index}: ${name} differ from a whole run's`);
      const found = await tensorsOf(run);
      const same = [...tensors].every(([name, text]) => found.get(name) === text);
      if (!same || found.size !== tensors.size) throw differs('tensors of the checkpoint');
      if (lossesOf(run).join() !== losses.join()) throw differs('losses in metrics.jsonl');
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

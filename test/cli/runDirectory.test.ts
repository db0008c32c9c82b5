import { encode } from 'fast-png';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseSafetensors, serializeSafetensors } from '../../ts/io/safetensors.ts';
import { quick, residua, start, type Running } from './cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'residua-directory-'));
const at = (...names: string[]): string => join(folder, ...names);
const bytesOf = (run: string): Buffer => readFileSync(at(run, 'checkpoint.safetensors'));
/** What a person reads on stderr, without the word on SIMD that Node 20 needs. */
const linesOf = (stderr: string): string[] =>
  stderr
    .trimEnd()
    .split('\n')
    .filter((line) => !/relaxed SIMD switched on/.test(line));

beforeAll(async () => {
  const { code, stderr } = await residua('train', ...quick, '--out', at('whole'));
  expect(code, stderr).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A run that lasts until it is killed; it has noted steps, and saved nothing. */
async function startLong(out: string): Promise<Running> {
  const flags = ['--model', 'resnet8', '--limit', '20000', '--test-limit', '100', '--batch', '64'];
  const running = start(['train', ...flags, '--out', out]);
  const metrics = join(out, 'metrics.jsonl');
  while (!existsSync(metrics) || readFileSync(metrics, 'utf8') === '') {
    await sleep(50);
    if (running.child.exitCode !== null) throw new Error((await running.ended).stderr);
  }
  return running;
}

describe('two processes in one run directory', () => {
  it('are one: the other is refused in one line, and metrics are not mixed', async () => {
    const first = await startLong(at('busy'));
    const config = readFileSync(at('busy', 'config.json'), 'utf8');
    const second = await residua('train', '--resume', at('busy'));
    const third = await residua('train', ...quick, '--out', at('busy'));
    for (const { code, stderr } of [second, third]) {
      expect(code).toBe(1);
      expect(stderr).toMatch(
        new RegExp(`^residua: .*busy: is in use by process ${first.child.pid} on this machine`),
      );
      expect(linesOf(stderr)).toHaveLength(1);
    }
    expect(readFileSync(at('busy', 'config.json'), 'utf8')).toBe(config);
    first.child.kill('SIGINT');
    expect((await first.ended).code).toBe(130);
    expect(readdirSync(at('busy'))).not.toContain('run.lock');
  });
});

describe('two experiments in one directory', () => {
  it('are one', async () => {
    const directory = at('experiment');
    mkdirSync(directory);
    const lock = { pid: process.pid, host: hostname(), since: 'noon' };
    writeFileSync(join(directory, 'run.lock'), JSON.stringify(lock));
    const { code, stderr } = await residua('experiment', 'degradation', '--out', directory);
    expect(code).toBe(1);
    expect(stderr).toContain(`experiment: is in use by process ${process.pid} on this machine`);
    expect(readdirSync(directory)).toEqual(['run.lock']);
  });
});

describe('a run that was killed', () => {
  it('before its first checkpoint goes on from its settings with --resume', async () => {
    // As a kill leaves it: settings, some metrics, a lock of a process that is gone, half of a checkpoint.
    const run = at('killed');
    mkdirSync(run);
    for (const name of ['config.json', 'metrics.jsonl']) {
      writeFileSync(join(run, name), readFileSync(at('whole', name)));
    }
    // No system numbers a process so.
    const lock = { pid: 2 ** 30, host: hostname(), since: 'noon' };
    writeFileSync(join(run, 'run.lock'), JSON.stringify(lock));
    const half = `.checkpoint.safetensors.${crypto.randomUUID()}.tmp`;
    writeFileSync(join(run, half), 'half');
    const { code, stderr } = await residua('train', '--resume', run);
    expect(code, stderr).toBe(0);
    expect(readdirSync(run).sort()).toEqual(readdirSync(at('whole')).sort());
    expect(tensorsOf('killed')).toEqual(tensorsOf('whole'));
    const lines = readFileSync(join(run, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(5);
  });

  it('before its first checkpoint may be begun again with --out, with other settings', async () => {
    const running = await startLong(at('again'));
    running.child.kill('SIGKILL');
    await running.ended;
    expect(readdirSync(at('again'))).toContain('run.lock');
    const { code, stderr } = await residua('train', ...quick, '--out', at('again'));
    expect(code, stderr).toBe(0);
    expect(tensorsOf('again')).toEqual(tensorsOf('whole'));
  });

  /** A copy of the run as a kill after its last checkpoint leaves it: without these files, and lines of its metrics. */
  function killedLate(name: string, missing: readonly string[], lines: number): string {
    const run = at(name);
    mkdirSync(run);
    for (const file of readdirSync(at('whole'))) {
      if (!missing.includes(file)) writeFileSync(join(run, file), readFileSync(at('whole', file)));
    }
    const metrics = readFileSync(at('whole', 'metrics.jsonl'), 'utf8').split('\n');
    writeFileSync(join(run, 'metrics.jsonl'), `${metrics.slice(0, lines).join('\n')}\n`);
    return run;
  }

  const withoutTimes = (run: string, file: string): unknown[] =>
    readFileSync(at(run, file), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/"trainSeconds":[^,}]*/, ''));

  it.each<[string, string[], number]>([
    ['before its test', ['report.html', 'result.json'], 4],
    ['after its test', ['report.html', 'result.json'], 5],
    ['while it wrote its report', ['result.json'], 5],
  ])('after its last checkpoint, %s, is finished by --resume', async (name, missing, lines) => {
    const run = killedLate(name, missing, lines);
    const { code, stdout, stderr } = await residua('train', '--resume', run, '--json');
    expect(code, stderr).toBe(0);
    expect(readdirSync(run).sort()).toEqual(readdirSync(at('whole')).sort());
    expect(withoutTimes(name, 'metrics.jsonl')).toEqual(withoutTimes('whole', 'metrics.jsonl'));
    const whole = JSON.parse(readFileSync(at('whole', 'result.json'), 'utf8')) as object;
    const result: unknown = JSON.parse(readFileSync(join(run, 'result.json'), 'utf8'));
    const trainSeconds = expect.any(Number) as number;
    expect(result).toEqual({ ...whole, imagesPerSecond: null, trainSeconds });
    expect(JSON.parse(stdout)).toEqual({ directory: run, ...(result as object) });
    expect(bytesOf(name)).toEqual(bytesOf('whole'));
    const again = await residua('train', '--resume', run);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('steps are done')]);
  });

  it('and whose last test was stopped is tested by --resume', async () => {
    const run = killedLate('untested', [], 4);
    const lines = readFileSync(at('whole', 'metrics.jsonl'), 'utf8').split('\n');
    const { test, ...untested } = JSON.parse(lines[4]!) as Record<string, unknown>;
    expect(test).toBeDefined();
    writeFileSync(
      join(run, 'metrics.jsonl'),
      [...lines.slice(0, 4), JSON.stringify(untested), ''].join('\n'),
    );
    const result = JSON.parse(readFileSync(join(run, 'result.json'), 'utf8')) as object;
    writeFileSync(
      join(run, 'result.json'),
      JSON.stringify({ ...result, aborted: true, testAccuracy: null }),
    );
    const { code, stderr } = await residua('train', '--resume', run);
    expect(code, stderr).toBe(0);
    const records = withoutTimes('untested', 'metrics.jsonl');
    expect(records).toHaveLength(5);
    expect(JSON.parse(readFileSync(join(run, 'metrics.jsonl'), 'utf8').split('\n')[4]!)).toEqual({
      ...untested,
      test,
    });
  });

  it('says what is wrong with its settings', async () => {
    const run = at('edited');
    mkdirSync(run);
    const config = readFileSync(at('whole', 'config.json'), 'utf8');
    writeFileSync(join(run, 'config.json'), config.replace('"one-cycle"', '"toString"'));
    const { code, stderr } = await residua('train', '--resume', run);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /edited.config\.json: schedule: is "toString" but must be \("one-cycle"/,
    );
  });
});

function tensorsOf(run: string): Map<string, unknown> {
  return new Map(
    [...parseSafetensors(bytesOf(run), run).tensors].map(([name, { data }]) => [name, [...data]]),
  );
}

describe('a checkpoint whose facts were changed', () => {
  const image = at('digit.png');
  beforeAll(() => {
    const data = new Uint8Array(784);
    data.fill(255, 300, 310);
    writeFileSync(image, encode({ width: 28, height: 28, channels: 1, data }));
  });

  it.each<[string, string, RegExp]>([
    [
      '"height":28',
      '"height":4000',
      /data\.height: is 4000 but the network was trained on images of 28 × 28/,
    ],
    [
      '"classes":["0","1","2","3","4","5","6","7","8","9"]',
      '"classes":[]',
      /data\.classes: are \[\] but those of mnist are \["0", "1", /,
    ],
    ['"std":[0.3081]', '"std":[0]', /data\.std\.0: is 0 but must be above 0/],
    ['"schedule":"one-cycle"', '"schedule":"toString"', /schedule: is "toString" but must be \(/],
    ['"epochs":1', '"epochs":1e300', /epochs: is 1e\+300 but must be a whole number below 2\^53/],
    [
      '"0","1"',
      '"\\u001b[2J","1"',
      /classes\.0: is "\\u001b\[2J" but must be text without control/,
    ],
  ])('%s to %s', async (was, is, message) => {
    const { tensors, metadata } = parseSafetensors(bytesOf('whole'), 'a');
    const facts = metadata['residua']!;
    expect(facts).toContain(was);
    const file = at('changed.safetensors');
    const changed = { ...metadata, residua: facts.replace(was, is) };
    writeFileSync(file, serializeSafetensors(tensors, changed));
    const { code, stderr } = await residua('predict', image, '--run', file);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(linesOf(stderr)).toHaveLength(1);
    expect(stderr).not.toContain('\x1b');
  });

  it('and were saved in code without names of classes, is shown by their indices', async () => {
    const { tensors, metadata } = parseSafetensors(bytesOf('whole'), 'a');
    const { data, ...rest } = JSON.parse(metadata['residua']!) as { data: object };
    const unnamed = JSON.stringify({ ...rest, data: { ...data, classes: [] }, settings: {} });
    const file = at('unnamed.safetensors');
    writeFileSync(file, serializeSafetensors(tensors, { ...metadata, residua: unnamed }));
    const predicted = async (run: string): Promise<unknown> => {
      const { code, stdout, stderr } = await residua('predict', image, '--run', run, '--json');
      expect(code, stderr).toBe(0);
      return JSON.parse(stdout);
    };
    // MNIST's classes are called by their indices, too.
    expect(await predicted(file)).toEqual(await predicted(at('whole')));
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isUnfinished, RunDirectory } from '../../ts/train/node/runDirectory.ts';
import { RunLock } from '../../ts/train/node/runLock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'residua-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const lockFile = (): string => join(folder, 'run.lock');

function writeLock(holder: object): void {
  writeFileSync(lockFile(), JSON.stringify({ host: hostname(), since: 'noon', ...holder }));
}

/** Number of a process that has ended. */
async function endedProcess(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'close');
  return child.pid!;
}

describe('RunLock', () => {
  it('is a file while it is held, and says whose', async () => {
    const lock = await RunLock.acquire(folder);
    expect(JSON.parse(readFileSync(lockFile(), 'utf8'))).toMatchObject({
      pid: process.pid,
      host: hostname(),
    });
    await lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('says when its process began', async () => {
    const lock = await RunLock.acquire(folder);
    // "pid (name) state …": the 22nd field, which is the 20th behind the name.
    const [, began] = /\) (?:\S+ ){19}(\d+) /.exec(readFileSync('/proc/self/stat', 'utf8'))!;
    expect(JSON.parse(readFileSync(lockFile(), 'utf8'))).toMatchObject({ began });
    await lock.release();
  });

  it('is refused while another process holds it', async () => {
    writeLock({ pid: process.ppid });
    await expect(RunLock.acquire(folder)).rejects.toThrow(
      `${folder}: is in use by process ${process.ppid} on this machine since noon: wait until it ends, or choose ` +
        `another directory (if no such process runs, remove ${lockFile()})`,
    );
    expect(existsSync(lockFile())).toBe(true);
  });

  it('is taken from a process that has ended', async () => {
    writeLock({ pid: await endedProcess() });
    const lock = await RunLock.acquire(folder);
    expect(JSON.parse(readFileSync(lockFile(), 'utf8'))).toMatchObject({ pid: process.pid });
    await lock.release();
  });

  it.runIf(process.platform === 'linux')(
    'is taken from a process whose number another has now',
    async () => {
      writeLock({ pid: process.ppid, began: '1' });
      await (await RunLock.acquire(folder)).release();
    },
  );

  it("is another machine's as long as that shows itself", async () => {
    writeLock({ pid: 7, host: 'elsewhere' });
    await expect(RunLock.acquire(folder)).rejects.toThrow(
      'is in use by process 7 on elsewhere since noon',
    );
    const anHourAgo = new Date(Date.now() - 3_600_000);
    utimesSync(lockFile(), anHourAgo, anHourAgo);
    await (await RunLock.acquire(folder)).release();
  });

  it('is not taken while somebody writes it, and is when that was cut off', async () => {
    writeFileSync(lockFile(), '{"pid"');
    await expect(RunLock.acquire(folder)).rejects.toThrow(
      'is in use by another process since this moment',
    );
    const aMinuteAgo = new Date(Date.now() - 60_000);
    utimesSync(lockFile(), aMinuteAgo, aMinuteAgo);
    await (await RunLock.acquire(folder)).release();
  });

  it('goes to one of many that find it left over', async () => {
    writeLock({ pid: await endedProcess() });
    mkdirSync(join(folder, 'run.lock.taking'));
    const aMinuteAgo = new Date(Date.now() - 60_000);
    utimesSync(join(folder, 'run.lock.taking'), aMinuteAgo, aMinuteAgo);
    const lock = await RunLock.acquire(folder);
    await lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });
});

it('a lock that is left over is not taken beside another that takes it', async () => {
  writeLock({ pid: await endedProcess() });
  const before = readFileSync(lockFile(), 'utf8');
  const mutex = join(folder, 'run.lock.taking');
  mkdirSync(mutex);
  const lock = RunLock.acquire(folder);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(existsSync(mutex)).toBe(true);
  expect(readFileSync(lockFile(), 'utf8')).toBe(before);
  rmSync(mutex, { recursive: true });
  await (await lock).release();
});

describe('a run directory', () => {
  it('is of one process until it is closed', async () => {
    const directory = await RunDirectory.create(folder);
    expect(existsSync(lockFile())).toBe(true);
    await directory.close();
    writeLock({ pid: process.ppid });
    await expect(RunDirectory.resume(folder, 0)).rejects.toThrow('is in use by process');
    await expect(RunDirectory.create(folder)).rejects.toThrow('is in use by process');
  });

  it('changes nothing when the run has gone on meanwhile, and is free then', async () => {
    writeFileSync(join(folder, 'metrics.jsonl'), 'untouched');
    const refuse = (): never => {
      throw new Error('gone on');
    };
    await expect(RunDirectory.resume(folder, 0, refuse)).rejects.toThrow('gone on');
    expect(readdirSync(folder)).toEqual(['metrics.jsonl']);
    expect(readFileSync(join(folder, 'metrics.jsonl'), 'utf8')).toBe('untouched');
  });

  it('drops halves of files that a killed process left, and nothing else', async () => {
    const left = [
      `.checkpoint.safetensors.${crypto.randomUUID()}.tmp`,
      `.metrics.jsonl.${crypto.randomUUID()}.tmp`,
      `.config.json.${crypto.randomUUID()}.tmp`,
    ];
    for (const name of [...left, '.config.json.mine.tmp', 'notes.tmp'])
      writeFileSync(join(folder, name), 'x');
    const directory = await RunDirectory.create(folder);
    await directory.close();
    expect(readdirSync(folder).sort()).toEqual([
      '.config.json.mine.tmp',
      'metrics.jsonl',
      'notes.tmp',
    ]);
    for (const name of left) writeFileSync(join(folder, name), 'x');
    await (await RunDirectory.resume(folder, 0)).close();
    expect(readdirSync(folder).sort()).toEqual([
      '.config.json.mine.tmp',
      'metrics.jsonl',
      'notes.tmp',
    ]);
  });

  it('may be begun again when it was killed before its first checkpoint', async () => {
    writeFileSync(join(folder, 'metrics.jsonl'), '');
    expect(isUnfinished(folder)).toBe(true);
    await (await RunDirectory.create(folder)).close();
    writeFileSync(join(folder, 'config.json'), '{}');
    writeFileSync(join(folder, 'metrics.jsonl'), '{}\n');
    await (await RunDirectory.create(folder)).close();
    expect(readdirSync(folder)).toEqual(['metrics.jsonl']);
    expect(readFileSync(join(folder, 'metrics.jsonl'), 'utf8')).toBe('');
  });

  it.each(['checkpoint.safetensors', 'result.json', 'report.html'])(
    'is not begun again when it has a %s',
    async (name) => {
      writeFileSync(join(folder, 'config.json'), '{}');
      writeFileSync(join(folder, name), '');
      await expect(RunDirectory.create(folder)).rejects.toThrow('holds a run already');
    },
  );
});

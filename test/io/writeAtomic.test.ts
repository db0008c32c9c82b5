import { mkdir, mkdtemp, readdir, readFile as read, rm, utimes, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fileError } from '../../ts/io/node/fileError.ts';
import { readFile } from '../../ts/io/node/readFile.ts';
import { writeAtomic } from '../../ts/io/node/writeAtomic.ts';

const fault = vi.hoisted(() => ({ write: undefined as Error | undefined }));

vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof import('node:fs/promises')>();
  const open = async (...args: Parameters<typeof fs.open>): Promise<FileHandle> => {
    const file = await fs.open(...args);
    if (fault.write && args[1] === 'wx') {
      file.writeFile = async () => {
        await file.write('half of it');
        throw fault.write;
      };
    }
    return file;
  };
  return { ...fs, open };
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residua-io-'));
});
afterEach(async () => {
  fault.write = undefined;
  await rm(folder, { recursive: true });
});

describe('writeAtomic', () => {
  it('writes bytes and text, and replaces what was there', async () => {
    const path = join(folder, 'a.bin');
    await writeAtomic(path, Uint8Array.of(1, 2, 3));
    expect(await readFile(path)).toEqual(Uint8Array.of(1, 2, 3));
    await writeAtomic(path, 'ä\n');
    expect(await read(path, 'utf8')).toBe('ä\n');
    expect(await readdir(folder)).toEqual(['a.bin']);
  });

  it.each([
    ['ENOSPC', 'no space left on the disk'],
    ['EDQUOT', 'the disk quota is used up'],
    ['EACCES', 'permission denied'],
  ])('keeps the old file and leaves nothing else on %s', async (code, words) => {
    const path = join(folder, 'a.bin');
    await writeAtomic(path, 'old');
    fault.write = Object.assign(new Error(`${code}: write`), { code });
    await expect(writeAtomic(path, 'new')).rejects.toThrow(`${path}: write: ${words} (${code})`);
    expect(await readdir(folder)).toEqual(['a.bin']);
    expect(await read(path, 'utf8')).toBe('old');
  });

  it('removes what a killed process left of the same file, and no other', async () => {
    const temporary = (file: string): string => `.${file}.${crypto.randomUUID()}.tmp`;
    const [left, young, other] = [temporary('a.bin'), temporary('a.bin'), temporary('b.bin')];
    for (const name of [left, young, other]) await writeFile(join(folder, name), 'half');
    const twoHoursAgo = new Date(Date.now() - 7_200_000);
    for (const name of [left, other]) await utimes(join(folder, name), twoHoursAgo, twoHoursAgo);
    await writeAtomic(join(folder, 'a.bin'), 'whole');
    expect((await readdir(folder)).sort()).toEqual(['a.bin', young, other].sort());
  });

  it('lets concurrent writers each write all or nothing', async () => {
    const path = join(folder, 'a.txt');
    const contents = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(100_000));
    await Promise.all(contents.map((text) => writeAtomic(path, text)));
    expect(contents).toContain(await read(path, 'utf8'));
    expect(await readdir(folder)).toEqual(['a.txt']);
  });

  it('names the path and the cause', async () => {
    await writeFile(join(folder, 'file'), '');
    await mkdir(join(folder, 'directory'));
    const attempt = (path: string) => writeAtomic(join(folder, path), '');
    await expect(attempt('file/a')).rejects.toThrow(
      `${folder}/file/a: write: a part of the path is not a directory (ENOTDIR)`,
    );
    await expect(attempt('missing/a')).rejects.toThrow(
      `${folder}/missing/a: write: no such file or directory (ENOENT)`,
    );
    await expect(attempt('directory')).rejects.toThrow(
      `${folder}/directory: write: it is a directory (EISDIR)`,
    );
    expect(await readdir(folder)).toEqual(['directory', 'file']);
  });
});

describe('readFile', () => {
  it('names the path and the cause', async () => {
    const path = join(folder, 'missing');
    await expect(readFile(path)).rejects.toThrow(
      `${path}: read: no such file or directory (ENOENT)`,
    );
    await expect(readFile(folder)).rejects.toThrow(`${folder}: read: it is a directory (EISDIR)`);
  });
});

describe('fileError', () => {
  it('keeps the code and the cause', () => {
    const cause = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    const error = fileError('a', 'write', cause);
    expect(error).toMatchObject({
      message: 'a: write: permission denied (EACCES)',
      code: 'EACCES',
      cause,
    });
  });

  it('passes on the words of a cause it does not know', () => {
    expect(fileError('a', 'read', new Error('out of luck')).message).toBe('a: read: out of luck');
  });
});

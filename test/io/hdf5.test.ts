import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../ts/base/errors.ts';
import type { Hdf5Dataset } from '../../ts/io/hdf5/file.ts';
import { Hdf5Group, openHdf5 } from '../../ts/io/hdf5/file.ts';
import { readKerasFile } from '../../ts/io/keras/read.ts';
import { errorOf } from '../data/generated.ts';

const golden = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../golden/keras/files/${name}`, import.meta.url)));

/** Where the entries of the root's symbol table have their addresses; a superblock of version 0 is in front. */
function rootEntries(bytes: Uint8Array): { view: DataView; root: bigint; entries: number[] } {
  const view = new DataView(bytes.buffer);
  const letters = [...'SNOD'].map((letter) => letter.charCodeAt(0));
  const root = view.getBigUint64(64, true);
  const tree = Number(view.getBigUint64(80, true));
  const table = Number(view.getBigUint64(tree + 32, true));
  expect([...bytes.subarray(table, table + 4)]).toEqual(letters);
  const count = view.getUint16(table + 6, true);
  return {
    view,
    root,
    entries: Array.from({ length: count }, (_, index) => table + 16 + 40 * index),
  };
}

function datasetsOf(group: Hdf5Group): Hdf5Dataset[] {
  return group.keys.flatMap((key) => {
    const child = group.get(key);
    return child instanceof Hdf5Group ? datasetsOf(child) : child ? [child] : [];
  });
}

describe('openHdf5', () => {
  it.each(['front', 'deflated', 'latest'])('reads the groups of %s.weights.h5', (name) => {
    const root = openHdf5(golden(`${name}.weights.h5`), 'a');
    expect(root.keys).toContain('layers');
    const vars = (root.get('layers') as Hdf5Group).get('conv2d') as Hdf5Group;
    expect((vars.get('vars') as Hdf5Group).text('name')).toBe('conv1');
    const shapes = datasetsOf(root).map(({ shape, type }) => [type.name, shape.join()]);
    // As h5py 3.16 lists them.
    expect(shapes.sort()).toEqual([
      ['<f4', '3'],
      ['<f4', '3,3,3,4'],
      ['<f4', '4'],
      ['<f4', '4'],
      ['<f4', '4'],
      ['<f4', '4'],
      ['<f4', '4,3'],
    ]);
  });

  it.each([10, 60, 200])('reads a group of %i members in the newer format', (count) => {
    const group = openHdf5(golden('dense.h5'), 'a').get(`of_${count}`) as Hdf5Group;
    // Of five members four are links to a path, which are left out.
    const hard = Array.from({ length: count }, (_, index) => index).filter((i) => i % 5 === 0);
    const names = hard.map((index) => `a member with a long name, number ${index}`);
    expect([...group.keys].sort()).toEqual(names.sort());
    expect((group.get(names[0]!) as Hdf5Group).keys).toContain('of_10');
  });

  it('has the same values in one piece and in deflated chunks', () => {
    const [plain, packed] = ['front', 'deflated'].map((name) =>
      datasetsOf(openHdf5(golden(`${name}.weights.h5`), 'a')).map((data) => [...data.values()]),
    );
    expect(packed).toEqual(plain);
  });
});

describe('an HDF5 file whose structures', () => {
  it('lead back to where they come from is one error', () => {
    const bytes = golden('front.weights.h5');
    const { view, root, entries } = rootEntries(bytes);
    view.setBigUint64(entries[0]!, root, true);
    const error = errorOf(() => readKerasFile(bytes, 'a', 1e6));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toMatch(/^a: keras: .*(groups deep|lead in circles)$/);
  });

  it('lead to one place by two ways again and again is one error', () => {
    const bytes = golden('front.weights.h5');
    const { view, root, entries } = rootEntries(bytes);
    expect(entries.length).toBeGreaterThan(1);
    // Twice as many ways with every level.
    for (const entry of entries) view.setBigUint64(entry, root, true);
    const error = errorOf(() => readKerasFile(bytes, 'a', 1e6));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toMatch(/^a: keras: .*(groups deep|lead in circles)$/);
  });

  it('lie outside of it is one error that says where', () => {
    const bytes = golden('front.weights.h5');
    const { view, entries } = rootEntries(bytes);
    view.setBigUint64(entries[0]!, 10_000_000n, true);
    expect(errorOf(() => readKerasFile(bytes, 'a', 1e6)).message).toBe(
      `a: keras: is no HDF5 file: needs 1 bytes at 10000000 but has ${bytes.length}`,
    );
  });

  it('are wider than their file has bytes is one error before anything is made', () => {
    const bytes = golden('front.weights.h5');
    const [dataset] = datasetsOf(openHdf5(bytes, 'a'));
    const { shape } = dataset!;
    // Sizes are stated as 8 bytes each, and twice: now and at most.
    const stated = new Uint8Array(new BigUint64Array([...shape, ...shape].map(BigInt)).buffer);
    const at = Buffer.from(bytes.buffer).indexOf(Buffer.from(stated));
    expect(at).toBeGreaterThan(0);
    new DataView(bytes.buffer).setBigUint64(at, 2n ** 40n, true);
    const wide = datasetsOf(openHdf5(bytes, 'a')).find((data) => data.shape.includes(2 ** 40));
    expect(errorOf(() => wide!.values()).message).toMatch(
      /^a: keras: is no HDF5 file: needs \d+ bytes at \d+ but has \d+$/,
    );
  });
});

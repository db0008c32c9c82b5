import { expect, it } from 'vitest';
import { holdsHighTiles } from '../../ts/kernels/holdsHighTiles.ts';

it('tells a V8 that adds to a sum in place from an older one', () => {
  const [major = 0, minor = 0] = process.versions.v8.split('.').map(Number);
  expect(holdsHighTiles()).toBe(major > 13 || (major === 13 && minor >= 3));
});

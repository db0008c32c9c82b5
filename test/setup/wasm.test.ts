import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assets } from '../../scripts/setup/paths.mjs';
import { expectExtra } from '../../scripts/setup/wasm.mjs';

const bytesOf = (name: string): Uint8Array => readFileSync(join(assets, `${name}.wasm`));

describe('the extra module', () => {
  it.each(['extra', 'extra-256'])('%s has what the engine goes by', (name) => {
    expect(() => expectExtra(bytesOf(name))).not.toThrow();
  });

  it('is not another that imports more', () => {
    expect(() => expectExtra(bytesOf('simd-threads'))).toThrow(
      /the extra module imports .*env.__indirect_function_table.* but env.memory alone is wanted/,
    );
  });

  it('may not have more constants than there is room for', () => {
    const least = (1 << 16) + 1;
    expect(() => expectExtra(bytesOf('extra'), least)).toThrow(
      /constants of the extra module end at \d+, beyond 65537/,
    );
  });
});

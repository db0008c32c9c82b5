import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assets } from '../../scripts/setup/paths.mjs';
import { trimModule } from '../../scripts/setup/trimModule.mjs';

const bytes = readFileSync(join(assets, 'simd.wasm'));
const sectionsOf = (module: WebAssembly.Module, name: string): number =>
  WebAssembly.Module.customSections(module, name).length;

describe.each([true, false])('a module that keeps its references: %s', (references) => {
  const trimmed = trimModule(bytes, { references });
  const module = new WebAssembly.Module(trimmed);

  it('is smaller, and still what its engine asks for', () => {
    expect(trimmed.length).toBeLessThan((references ? 0.95 : 0.85) * bytes.length);
    const whole = new WebAssembly.Module(bytes);
    expect(WebAssembly.Module.exports(module)).toEqual(WebAssembly.Module.exports(whole));
    expect(WebAssembly.Module.imports(module)).toEqual(WebAssembly.Module.imports(whole));
    expect(sectionsOf(whole, 'name')).toBe(1);
    expect(sectionsOf(module, 'name')).toBe(0);
    expect(sectionsOf(module, 'residua')).toBe(1);
  });
});

import { statSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { BaseSequencer } from 'vitest/node';
import root from '../../vitest.config.ts';

/** Short files first, as a mutant is judged by the first test that fails. */
class ShortFirst extends BaseSequencer {
  sort(files) {
    const bytes = ({ moduleId }) => statSync(moduleId).size;
    return Promise.resolve([...files].sort((a, b) => bytes(a) - bytes(b)));
  }
}

/** The tests that Stryker is told of, one after the other, each file in a process of its own. */
export default defineConfig({
  test: {
    ...root.test,
    projects: undefined,
    include: process.env.RESIDUA_TESTS.split(','),
    exclude: ['**/node_modules/**'],
    sequence: { sequencer: ShortFirst },
  },
});

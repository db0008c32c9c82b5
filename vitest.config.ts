import { defineConfig } from 'vitest/config';

const slow = ['test/browser/**', 'test/notebooks/**', 'test/package/**', 'test/experiments/**'];
const elsewhere = ['**/node_modules/**', 'test/deno/**', 'test/runtimes/**'];

export default defineConfig({
  test: {
    pool: 'forks',
    // Flags of the Node in which the tests themselves run.
    execArgv: process.env['RESIDUA_NODE_FLAGS']?.split(' ') ?? [],
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: { name: 'core', include: ['test/**/*.test.ts'], exclude: [...elsewhere, ...slow] },
      },
      {
        extends: true,
        test: {
          name: 'slow',
          include: slow.map((folder) => `${folder}/*.test.ts`),
          exclude: elsewhere,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});

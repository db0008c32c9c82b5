import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { denoBinary } from '../../scripts/runtimes.mjs';
import { root } from '../../scripts/setup/paths.mjs';
import { allBuilds } from '../../scripts/setup/wasm.mjs';

const project = mkdtempSync(join(tmpdir(), 'residua-pack-'));
const installed = join(project, 'node_modules/residua');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string;
  exports: Record<string, string | { types: string; default: string }>;
};
let packed: string[];
let packedBytes: number;
/** What people download. */
const MOST_BYTES = 1_500_000;

const execute = promisify(execFile);

/** Runs a program in the scratch project; its output. */
async function run(command: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1' };
  const { stdout } = await execute(command, args, { cwd: project, env, maxBuffer: 1 << 26 });
  return stdout;
}

function npm(...args: string[]): Promise<string> {
  const script = process.env['npm_execpath'];
  return script?.endsWith('.js') ? run(process.execPath, script, ...args) : run('npm', ...args);
}

beforeAll(async () => {
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ name: 'scratch', private: true, type: 'module' }),
  );
  const packing = await npm(
    'pack',
    root,
    '--json',
    '--ignore-scripts',
    '--pack-destination',
    project,
  );
  const [{ filename, files, size }] = JSON.parse(packing) as [
    { filename: string; files: { path: string }[]; size: number },
  ];
  packedBytes = size;
  packed = files.map(({ path }) => path);
  const flags = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts'];
  await npm('install', ...flags, join(project, filename));
  for (const name of ['consumer.mjs', 'consumer.ts']) {
    cpSync(join(root, 'test/package/consumer', name), join(project, name));
  }
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

describe('the tarball', () => {
  it('holds the WASM builds, the worker, bundles and types, and no sources', () => {
    const assets = allBuilds.map((build) => `dist/assets/${build}.wasm`);
    expect(assets).toHaveLength(10);
    expect(packed).toEqual(
      expect.arrayContaining([
        ...assets,
        'dist/assets/team-worker.js',
        'dist/index.js',
        'dist/inline.js',
        'dist/node.js',
        'dist/cli.js',
        'dist/types/index.d.ts',
        'README.md',
        'LICENSE',
        'CHANGELOG.md',
      ]),
    );
    const sources = packed.filter((path) => /^(ts|crates|test|scripts|demo|bench)\//.test(path));
    expect(sources).toEqual([]);
  });

  it('stays small, brings nothing along and says whose code is inside', () => {
    expect(packedBytes).toBeLessThanOrEqual(MOST_BYTES);
    expect(
      readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.')),
    ).toEqual(['residua']);
    const notices = readFileSync(join(installed, 'dist/THIRD-PARTY.txt'), 'utf8');
    for (const name of ['@observablehq/plot', 'commander', 'd3-scale', 'linkedom', 'valibot']) {
      expect(notices).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(`, 'm'));
    }
    expect(notices).toMatch(/Permission is hereby granted/);
  });
});

describe('the installed package', () => {
  it('imports by every entry of its exports', async () => {
    const names = Object.keys(manifest.exports).map((key) => key.replace(/^\./, 'residua'));
    const entries = names.filter((name) => !name.endsWith('*'));
    for (const entry of entries) {
      const options = entry.endsWith('.json') ? ", { with: { type: 'json' } }" : '';
      const code = `console.log(Object.keys(await import('${entry}'${options})).length)`;
      expect(
        Number(await run(process.execPath, '--no-warnings', '-e', code)),
        entry,
      ).toBeGreaterThan(0);
    }
    expect(entries).toContain('residua');
  });

  it('gives its assets by name', async () => {
    const code = "console.log(import.meta.resolve('residua/assets/relaxed-threads.wasm'))";
    const url = (await run(process.execPath, '--input-type=module', '-e', code)).trim();
    expect(readFileSync(new URL(url)).subarray(0, 4)).toEqual(Buffer.from('\0asm'));
  });

  it('trains and predicts in Node', async () => {
    const { losses, probabilities, version } = JSON.parse(
      await run(process.execPath, '--no-warnings', 'consumer.mjs'),
    );
    expect(losses.at(-1)).toBeLessThan(losses[0]);
    expect(probabilities.reduce((sum: number, p: number) => sum + p, 0)).toBeCloseTo(1, 5);
    expect(version).toBe(manifest.version);
  });

  it('trains and predicts in Deno with the same bits', async ({ skip }) => {
    const deno = denoBinary();
    skip(!deno, 'no Deno here: `node scripts/setup.mjs --for test` says why');
    const flags = [
      '--no-prompt',
      '--no-lock',
      '--node-modules-dir=manual',
      `--allow-read=${project}`,
    ];
    const inDeno = JSON.parse(await run(deno, 'run', ...flags, 'consumer.mjs'));
    const inNode = JSON.parse(await run(process.execPath, '--no-warnings', 'consumer.mjs'));
    expect(inDeno).toEqual(inNode);
  });

  it('has a command', async () => {
    const bin = join(
      project,
      'node_modules/.bin',
      process.platform === 'win32' ? 'residua.cmd' : 'residua',
    );
    expect(existsSync(bin)).toBe(true);
    expect(await run(bin, '--help')).toMatch(/train[^]*eval[^]*predict/);
  });

  it.each(['typescript', 'typescript-native'])(
    'has types that a strict consumer compiles with: %s',
    async (name) => {
      const tsc = join(root, 'node_modules', name, 'bin/tsc');
      const flags = [
        '--noEmit',
        '--strict',
        '--target',
        'es2022',
        '--lib',
        'es2023,dom,esnext.disposable',
      ];
      for (const resolution of [
        ['--module', 'nodenext'],
        ['--module', 'esnext', '--moduleResolution', 'bundler'],
      ]) {
        await run(process.execPath, tsc, ...flags, ...resolution, 'consumer.ts').catch((error) => {
          throw new Error(`tsc ${resolution.join(' ')}: ${error.stdout}`);
        });
      }
    },
  );

  it('bundles for a browser with no package and no Node module', async () => {
    const { metafile } = await build({
      stdin: { contents: "export * from 'residua';", resolveDir: project },
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      metafile: true,
      write: false,
      outfile: 'bundle.js',
      logLevel: 'silent',
    });
    const inputs = Object.keys(metafile.inputs).filter((path) => !path.endsWith('<stdin>'));
    expect(inputs.filter((path) => !path.includes('node_modules/residua/dist/'))).toEqual([]);
    const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
    // esbuild's own helpers are no package.
    const outside = imports.filter(({ external, path }) => external && path !== '<runtime>');
    expect(outside.map(({ path }) => path)).toEqual([]);
    const { bytes } = metafile.outputs['bundle.js']!;
    console.log(`core bundle, minified: ${(bytes / 1024).toFixed(1)} KiB`);
    expect(existsSync(join(installed, 'dist/index.js'))).toBe(true);
  });
});

// esbuild, Rollup, rolldown, Parcel and Bun, to pages.
import { withAndWithoutSigmoid } from '../withSigmoid.mjs';

const copyPage = (out) => [
  ['cp', 'index.html', out],
  ['cp', '-r', 'node_modules/residua/dist/assets', out],
];
const page = {
  'index.html':
    '<!doctype html><meta charset="utf-8"><script type="module" src="./main.js"></script>',
};
const esbuild = { esbuild: '0.28.2' };
const rollup = {
  rollup: '4.68.8',
  '@rollup/plugin-node-resolve': '16.0.3',
  '@web/rollup-plugin-import-meta-assets': '2.3.3',
};
const rollupConfig = (input, plugins) => `
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { importMetaAssets } from '@web/rollup-plugin-import-meta-assets';
export default {
  input: '${input}',
  output: { dir: 'out', format: 'es', entryFileNames: 'main.js' },
  plugins: [nodeResolve({ browser: true }), ${plugins}],
};
`;
const inlineOut = (out) => [['cp', 'index.html', out]];
const inlinePolicy = {
  'content-security-policy':
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:; connect-src 'self'",
};

/** For newer ones Parcel writes an import map into the page, which a policy without 'unsafe-inline' forbids. */
const olderBrowsers = { browserslist: 'chrome 91' };

const built = [
  {
    name: 'esbuild, assets copied',
    packages: esbuild,
    files: page,
    build: [
      ['esbuild', 'main.js', '--bundle', '--format=esm', '--outfile=out/main.js'],
      ...copyPage('out'),
    ],
    out: 'out',
  },
  {
    name: 'esbuild, residua/inline',
    packages: esbuild,
    files: page,
    build: [
      ['esbuild', 'inline.js', '--bundle', '--minify', '--format=esm', '--outfile=out/main.js'],
      ...inlineOut('out'),
    ],
    out: 'out',
    headers: inlinePolicy,
  },
  {
    name: 'Rollup, import-meta-assets',
    packages: rollup,
    files: { ...page, 'rollup.config.js': rollupConfig('main.js', 'importMetaAssets()') },
    build: [
      ['rollup', '-c', '--failAfterWarnings'],
      ['cp', 'index.html', 'out'],
    ],
    out: 'out',
  },
  {
    name: 'Rollup, residua/inline',
    packages: rollup,
    files: { ...page, 'rollup.config.js': rollupConfig('inline.js', '') },
    build: [
      ['rollup', '-c', '--failAfterWarnings'],
      ['cp', 'index.html', 'out'],
    ],
    out: 'out',
    headers: inlinePolicy,
  },
  {
    name: 'rolldown, residua/inline',
    packages: { rolldown: '1.3.3' },
    files: {
      ...page,
      'rolldown.config.js': `export default {
  input: 'inline.js',
  platform: 'browser',
  output: { file: 'out/main.js', codeSplitting: false },
};`,
    },
    build: [
      ['rolldown', '-c'],
      ['cp', 'index.html', 'out'],
    ],
    out: 'out',
    headers: inlinePolicy,
  },
  {
    name: 'rolldown',
    packages: { rolldown: '1.3.3' },
    files: {
      ...page,
      'rolldown.config.js': `export default {
  input: 'main.js',
  platform: 'browser',
  output: { dir: 'out', entryFileNames: 'main.js' },
  experimental: { resolveNewUrlToAsset: true },
};`,
    },
    build: [
      ['rolldown', '-c'],
      ['cp', 'index.html', 'out'],
    ],
    out: 'out',
  },
  {
    name: 'Parcel',
    packages: { parcel: '2.16.4' },
    manifest: olderBrowsers,
    build: [['parcel', 'build', 'index.html', '--dist-dir', 'out', '--no-cache']],
    out: 'out',
  },
  {
    name: 'Parcel, residua/inline',
    packages: { parcel: '2.16.4' },
    manifest: { ...olderBrowsers, '@parcel/resolver-default': { packageExports: true } },
    files: { 'index.html': '<!doctype html><script type="module" src="./inline.js"></script>' },
    build: [['parcel', 'build', 'index.html', '--dist-dir', 'out', '--no-cache']],
    out: 'out',
    headers: inlinePolicy,
  },
];

export const bundlerRows = [
  ...built.flatMap(withAndWithoutSigmoid),
  {
    name: 'Parcel, dev',
    packages: { parcel: '2.16.4' },
    server: ['parcel', 'serve', 'index.html', '--port', 'PORT', '--no-cache'],
    threads: 1,
    warns: /cross-origin isolated/,
  },
];

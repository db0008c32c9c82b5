// webpack and rspack: bundles that warn of nothing, and dev servers without an overlay.
import { withAndWithoutSigmoid } from '../withSigmoid.mjs';

const config = `export default {
  mode: process.env.MODE ?? 'production',
  entry: './main.js',
  performance: { hints: false },
  output: { path: import.meta.dirname + '/out', filename: 'main.js', clean: true },
  devServer: {
    static: './public',
    headers: {
      'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' },
  },
};
`;
const html = '<!doctype html><meta charset="utf-8"><script defer src="./main.js"></script>';
const serverFlags = ['--port', 'PORT', '--mode', 'development'];
const row = (name, packages, cli) => [
  ...withAndWithoutSigmoid({
    name,
    packages,
    files: { [`${cli}.config.mjs`]: config, 'public/index.html': html },
    build: [
      [cli, 'build', '--mode', 'production'],
      ['cp', 'public/index.html', 'out'],
    ],
    out: 'out',
  }),
  {
    name: `${name}, dev`,
    packages,
    files: { [`${cli}.config.mjs`]: config, 'public/index.html': html },
    server: [cli, 'serve', ...serverFlags],
  },
];

export const webpackRows = [
  ...row(
    'webpack 5',
    { webpack: '5.113.0', 'webpack-cli': '7.3.1', 'webpack-dev-server': '6.1.0' },
    'webpack',
  ),
  ...row(
    'rspack 2',
    { '@rspack/core': '2.3.4', '@rspack/cli': '2.2.8', '@rspack/dev-server': '2.2.2' },
    'rspack',
  ),
];

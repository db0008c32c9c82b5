// Programs that are one file, or a file and a folder: for Node by esbuild and webpack, compiled by Bun; and Node with permissions.
import { bunBinary, denoBinary, nodeBinary26 } from '../../runtimes.mjs';

const esbuild = { esbuild: '0.28.2' };
const bundle = (entry, format, out) => [
  ...['esbuild', entry, '--bundle', '--platform=node', `--format=${format}`],
  ...['--target=node20', `--outfile=${out}`],
];
const copy = ['cp', '-r', 'node_modules/residua/dist/assets', 'out'];
const bun = bunBinary() ?? 'bun';
const compile = (entry) => [[bun, 'build', '--compile', entry, '--outfile', 'out/app']];

export const nodeRows = [
  { name: 'Node, import', run: ['node', 'program.js'] },
  {
    name: 'Node 26, require',
    files: {
      'program.cjs': `const residua = require('residua');
import('./run.js').then(({ run }) => run(residua)).then((o) => console.log(JSON.stringify(o)));`,
    },
    run: [nodeBinary26() ?? 'node', 'program.cjs'],
  },
  ...['esm', 'cjs'].flatMap((format) => {
    const out = format === 'esm' ? 'out/app.mjs' : 'out/app.cjs';
    return [
      {
        name: `esbuild for Node, ${format}, assets copied`,
        packages: esbuild,
        build: [bundle('program.js', format, out), copy],
        run: ['node', out],
      },
      {
        name: `esbuild for Node, ${format}, residua/inline`,
        packages: esbuild,
        build: [bundle('programInline.js', format, out)],
        run: ['node', out],
      },
    ];
  }),
  {
    name: 'webpack 5 for Node',
    packages: { webpack: '5.113.0', 'webpack-cli': '7.3.1' },
    files: {
      'webpack.config.mjs': `export default {
  mode: 'production',
  target: 'node20',
  entry: './program.js',
  performance: { hints: false },
  experiments: { outputModule: true },
  output: { path: import.meta.dirname + '/out', filename: 'app.mjs', module: true },
};`,
    },
    build: [['webpack', 'build']],
    run: ['node', 'out/app.mjs'],
  },
  {
    name: 'Vite 8 for Node (ssr), bundled, assets copied',
    packages: { vite: '8.4.0' },
    build: [
      ['vite', 'build', '--ssr', 'program.js', '--outDir', 'out', '--config', 'ssr.config.js'],
      copy,
    ],
    files: { 'ssr.config.js': 'export default { ssr: { noExternal: true } };' },
    run: ['node', 'out/program.js'],
  },
  { name: 'bun build --compile', build: compile('programInline.js'), run: ['out/app'] },
  { name: 'Bun', run: [bun, 'program.js'] },
  {
    name: 'Deno, --allow-read alone',
    run: [denoBinary() ?? 'deno', 'run', '--node-modules-dir=manual', '--allow-read', 'program.js'],
  },
  {
    name: 'Node 26, --permission, no workers allowed',
    run: [nodeBinary26() ?? 'node', '--permission', '--allow-fs-read=*', 'program.js'],
    threads: 1,
    warns: /1 thread used, not 2: .*(allow-worker|restricted|Access)/i,
  },
  {
    name: 'Node 26, --permission, workers allowed',
    run: [
      ...[nodeBinary26() ?? 'node', '--permission', '--allow-fs-read=*', '--allow-worker'],
      'program.js',
    ],
  },
];

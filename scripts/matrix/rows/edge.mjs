// Runtimes at the edge and in shells: Cloudflare Workers, and what of Deno's and Electron's single files can be had here.
import { pathToFileURL } from 'node:url';
import { denoBinary, nodeBinary26 } from '../../runtimes.mjs';
import { readOutcome } from '../open.mjs';

const esbuild = { esbuild: '0.28.2' };
const wrangler = [nodeBinary26() ?? 'node', 'node_modules/wrangler/bin/wrangler.js'];

export const edgeRows = [
  {
    name: 'Cloudflare Workers',
    packages: { wrangler: '4.164.0' },
    files: {
      'wrangler.json': JSON.stringify({
        name: 'app',
        main: 'worker.js',
        compatibility_date: '2026-11-01',
        send_metrics: false,
      }),
      'worker.js': `import { init, Predictor, resnet8, SGD, Trainer } from 'residua';
import simd from 'residua/assets/simd.wasm';
import { run } from './run.js';

export default {
  async fetch() {
    const outcome = await run({ init, Predictor, resnet8, SGD, Trainer }, { wasmUrl: { simd } })
      .catch((error) => ({ error: error.stack }));
    return Response.json(outcome);
  },
};
`,
    },
    build: [[...wrangler, 'deploy', '--dry-run', '--outdir', 'out']],
    server: [...wrangler, 'dev', '--port', 'PORT'],
    read: readOutcome,
    threads: 1,
    warns: /2 threads asked for, 1 used: one per core/,
    // It asks Cloudflare where the machine is, and its allocator tells of a buffer that it refuses.
    noise: /Request\.cf|tcmalloc/,
  },
  {
    name: 'esbuild, residua/inline, Deno without permissions',
    packages: esbuild,
    build: [['esbuild', 'programInline.js', '--bundle', '--format=esm', '--outfile=out/app.mjs']],
    run: [denoBinary() ?? 'deno', 'run', '--no-prompt', 'out/app.mjs'],
  },
  {
    name: 'esbuild, residua/inline, page from a file',
    packages: esbuild,
    files: { 'index.html': '<!doctype html><meta charset="utf-8"><script src="app.js"></script>' },
    build: [['esbuild', 'inline.js', '--bundle', '--format=iife', '--outfile=app.js']],
    page: (_url, _other, project) => `${pathToFileURL(project)}/index.html`,
    threads: 1,
    warns: /cross-origin isolated/,
  },
];

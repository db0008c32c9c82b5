// Pages without a bundler: what browsers and policies make of the package as it is.
const pageOf = (script, options = '') => ({
  'index.html':
    '<!doctype html><meta charset="utf-8"><script type="module" src="./page.js"></script>',
  'page.js': `import * as residua from './node_modules/residua/dist/${script}';
import { run } from './run.js';
import { tell } from './tell.js';
tell(run(residua${options}));
`,
});
const policy = (rest) => ({
  'content-security-policy': `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; ${rest}`,
});
const isolation = /2 threads asked for, 1 used: a page must be cross-origin isolated/;
const dataWorker = `, { workerUrl: await fetch('./node_modules/residua/dist/assets/team-worker.js')
  .then((response) => response.text())
  .then((text) => \`data:text/javascript,\${encodeURIComponent(text)}\`) }`;

export const browserRows = [
  { name: 'no bundler', files: pageOf('index.js') },
  { name: 'no bundler, Firefox', files: pageOf('index.js'), firefox: true },
  {
    name: 'no bundler, not isolated',
    files: pageOf('index.js'),
    isolated: false,
    threads: 1,
    warns: isolation,
  },
  {
    name: 'no bundler, not isolated, Firefox',
    files: pageOf('index.js'),
    isolated: false,
    threads: 1,
    warns: isolation,
    firefox: true,
  },
  {
    name: 'no bundler, wasmUrl is a folder',
    files: pageOf('index.js', ", { wasmUrl: './copied/' }"),
    build: [['cp', '-r', 'node_modules/residua/dist/assets', 'copied']],
  },
  {
    name: 'policy without workers',
    files: pageOf('index.js'),
    headers: policy("worker-src 'none'"),
    threads: 1,
    warns: /1 thread used, not 2: the content security policy forbids .* by worker-src/,
    console: /Content Security Policy/,
  },
  {
    name: 'policy without workers, Firefox',
    files: pageOf('index.js'),
    headers: policy("worker-src 'none'"),
    threads: 1,
    warns: /1 thread used, not 2: ./,
    firefox: true,
  },
  {
    name: "worker's script as data:",
    files: pageOf('index.js', dataWorker),
    headers: policy('worker-src blob:'),
  },
  {
    name: "worker's script as data:, policy without blob:",
    files: pageOf('index.js', dataWorker),
    threads: 1,
    warns: /1 thread used, not 2: .*policy/,
    console: /Content Security Policy/,
  },
  {
    name: 'residua/inline, policy without blob:',
    files: pageOf('inline.js'),
    threads: 1,
    warns: /1 thread used, not 2: .*policy/,
    console: /Content Security Policy/,
  },
  {
    name: "worker's script is not there",
    files: pageOf('index.js', ", { workerUrl: '/nowhere.js' }"),
    threads: 1,
    warns: /1 thread used, not 2: its script .*nowhere.js cannot be loaded/,
    console: /404|nowhere.js/,
  },
  {
    name: 'package on another origin',
    files: {
      'index.html': '<!doctype html><script type="module" src="./far.js"></script>',
      'far.js': `import { run } from './run.js';
import { tell } from './tell.js';
const from = new URLSearchParams(location.search).get('from');
tell(import(\`\${from}node_modules/residua/dist/index.js\`).then(run));
`,
    },
    page: (url, other) => `${url}?from=${encodeURIComponent(other)}`,
    headers: { 'content-security-policy': "script-src * 'wasm-unsafe-eval'; connect-src *" },
    threads: 1,
    warns: /1 thread used, not 2: .*origin/,
  },
];

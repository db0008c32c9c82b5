// Next.js with Turbopack: a client component with threads, and a route handler.
import { readOutcome } from '../open.mjs';

const packages = { next: '16.4.6', react: '19.3.1', 'react-dom': '19.3.1' };

const files = {
  'next.config.mjs': `export default {
  headers: async () => [{ source: '/:path*', headers: [
    { key: 'cross-origin-opener-policy', value: 'same-origin' },
    { key: 'cross-origin-embedder-policy', value: 'require-corp' },
  ] }],
};
`,
  'app/layout.jsx': `export default function Layout({ children }) {
  return <html lang="en"><body>{children}</body></html>;
}
`,
  'app/page.jsx': `'use client';
import { useEffect } from 'react';
import { init, Predictor, resnet8, SGD, Trainer } from 'residua';
import { run } from '../run.js';
import { tell } from '../tell.js';

export default function Page() {
  useEffect(() => void tell(run({ init, Predictor, resnet8, SGD, Trainer })), []);
  return <p>residua</p>;
}
`,
  'app/api/route.js': `import { init, Predictor, resnet8, SGD, Trainer } from 'residua';
import { run } from '../../run.js';

export const dynamic = 'force-dynamic';
export async function GET() {
  const outcome = await run({ init, Predictor, resnet8, SGD, Trainer })
    .catch((error) => ({ error: error.stack }));
  return Response.json(outcome);
}
`,
};
const read = (url) => readOutcome(`${url}api`);
const dev = { server: ['next', 'dev', '--port', 'PORT'] };
const built = { build: [['next', 'build']], server: ['next', 'start', '--port', 'PORT'] };

export const nextRows = [
  { name: 'Next.js 16, client component, dev', packages, files, ...dev },
  { name: 'Next.js 16, client component', packages, files, ...built },
  { name: 'Next.js 16, route handler, dev', packages, files, ...dev, read },
  { name: 'Next.js 16, route handler', packages, files, ...built, read },
];

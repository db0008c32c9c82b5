// A static server for the demo page: cross-origin isolated or not, with a content security policy that allows no more
// than the page needs.
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.map': 'application/json',
};

const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** What lets pages share memory with their workers: https://web.dev/articles/coop-coep */
const ISOLATION = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

/** The file that a URL means: `/data/…` in the folder of data, else in the page's. */
function fileOf(url, folder, data) {
  const path = normalize(`/${url.split('?')[0]}`);
  const prefix = `${sep}data${sep}`;
  if (data && path.startsWith(prefix)) return join(data, path.slice(prefix.length));
  return join(folder, path.endsWith(sep) ? join(path, 'index.html') : path);
}

/** First and last byte that a Range header asks for, or undefined for the whole file. */
function rangeOf(header, size) {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === undefined) return undefined;
  const range = { start: Number(first), end: Math.min(size - 1, last ? Number(last) : size - 1) };
  return range.start <= range.end ? range : undefined;
}

/**
 * Serves `folder`, and `data` below /data/, on this machine only.
 *
 * @param {{ folder: string, data?: string, isolated?: boolean, port?: number }} options isolated by default, any free port
 * @returns {Promise<{ url: string, close(): Promise<void> }>}
 */
export function serve({ folder, data, isolated = true, port = 0 }) {
  const headers = {
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-cache',
    'accept-ranges': 'bytes',
    ...(isolated && ISOLATION),
  };
  const server = createServer((request, response) => {
    const file = fileOf(request.url, folder, data);
    const stats = statSync(file, { throwIfNoEntry: false });
    if (!stats?.isFile()) return response.writeHead(404, headers).end('not found');
    const range = rangeOf(request.headers.range, stats.size);
    const { start, end } = range ?? { start: 0, end: stats.size - 1 };
    response.writeHead(range ? 206 : 200, {
      ...headers,
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      'content-length': end - start + 1,
      ...(range && { 'content-range': `bytes ${start}-${end}/${stats.size}` }),
    });
    if (request.method === 'HEAD' || stats.size === 0) return response.end();
    return createReadStream(file, { start, end }).pipe(response);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, 'localhost', () => {
      const close = () =>
        new Promise((closed) => {
          server.close(() => closed());
          server.closeAllConnections();
        });
      resolve({ url: `http://localhost:${server.address().port}/`, close });
    });
  });
}

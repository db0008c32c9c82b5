// A static server for the demo page: cross-origin isolated or not, with a content security policy that allows no more
// than the page needs.
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
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

/** The file that a URL means: `/data/…` in the folder of data, else in the page's; undefined for a URL that is none. */
function fileOf(url, folder, data) {
  let path;
  try {
    path = normalize(`/${decodeURIComponent(url.split('?')[0])}`);
  } catch {
    return undefined;
  }
  const prefix = `${sep}data${sep}`;
  if (data && path.startsWith(prefix)) return join(data, path.slice(prefix.length));
  return join(folder, path.endsWith(sep) ? join(path, 'index.html') : path);
}

/** Bytes of a file; undefined for what is none: a path may also lead through a file, be too long or hold a zero. */
function sizeOf(file) {
  try {
    const stats = statSync(file);
    return stats.isFile() ? stats.size : undefined;
  } catch {
    return undefined;
  }
}

/** First and last byte that a Range header asks for; the whole file without one that is understood. */
function rangeOf(header, size) {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === undefined) return undefined;
  return { start: Number(first), end: Math.min(size - 1, last ? Number(last) : size - 1) };
}

/** Answers a request, whatever it is; `handle` may do so before. */
async function answer(request, response, { folder, data, headers, handle }) {
  if (handle?.(request, response)) return undefined;
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return response.writeHead(405, { ...headers, allow: 'GET, HEAD' }).end('only GET and HEAD');
  }
  const file = fileOf(request.url, folder, data);
  const size = file === undefined ? undefined : sizeOf(file);
  if (size === undefined) return response.writeHead(404, headers).end('not found');
  const range = rangeOf(request.headers.range, size);
  if (range && range.start > range.end) {
    return response.writeHead(416, { ...headers, 'content-range': `bytes */${size}` }).end();
  }
  const { start, end } = range ?? { start: 0, end: size - 1 };
  response.writeHead(range ? 206 : 200, {
    ...headers,
    'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
    'content-length': end - start + 1,
    ...(range && { 'content-range': `bytes ${start}-${end}/${size}` }),
  });
  if (request.method === 'HEAD' || size === 0) return response.end();
  return pipeline(createReadStream(file, { start, end }), response);
}

/**
 * Serves `folder`, and `data` below /data/, on this machine only.
 *
 * @param {{
 *   folder: string, data?: string, isolated?: boolean, port?: number, more?: Record<string, string>,
 *   handle?: (request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) => boolean,
 * }} options isolated by default, any free port; more headers, or others; who may answer first
 * @returns {Promise<{ url: string, close(): Promise<void> }>}
 */
export function serve({ folder, data, isolated = true, port = 0, more, handle }) {
  const headers = {
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-cache',
    'accept-ranges': 'bytes',
    ...(isolated && ISOLATION),
    ...more,
  };
  const server = createServer((request, response) => {
    // A file that cannot be read, or a reader that has gone: one answer is lost, the server goes on.
    answer(request, response, { folder, data, headers, handle }).catch(() => response.destroy());
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

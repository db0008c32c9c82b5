import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get, request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve } from '../../demo/server.mjs';

const root = mkdtempSync(join(tmpdir(), 'residua-server-'));
const folder = join(root, 'page');
const data = join(root, 'data');
const LARGE = 1 << 22;
let server: Awaited<ReturnType<typeof serve>>;

beforeAll(async () => {
  for (const name of [folder, join(folder, 'assets'), data]) mkdirSync(name);
  writeFileSync(join(folder, 'index.html'), '<p>page</p>');
  writeFileSync(join(folder, 'a b.js'), 'code');
  writeFileSync(join(folder, 'empty'), '');
  writeFileSync(join(folder, 'large'), new Uint8Array(LARGE));
  writeFileSync(join(data, 'labels'), '0123456789');
  writeFileSync(join(root, 'secret'), 'secret');
  server = await serve({ folder, data });
});
afterAll(async () => {
  await server.close();
  rmSync(root, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: IncomingMessage['headers'];
}

function ask(path: string, options: { method?: string; range?: string } = {}): Promise<Answer> {
  const { hostname, port } = new URL(server.url);
  const headers = options.range ? { range: options.range } : {};
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path, headers, method: options.method ?? 'GET' });
    asked.on('error', reject).on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () =>
        resolve({ status: response.statusCode!, text, headers: response.headers }),
      );
    });
    asked.end();
  });
}

describe('the demo server', () => {
  it('serves the page, its files and the data', async () => {
    expect(await ask('/')).toMatchObject({ status: 200, text: '<p>page</p>' });
    expect(await ask('/a%20b.js?v=1')).toMatchObject({ status: 200, text: 'code' });
    expect(await ask('/empty')).toMatchObject({ status: 200, text: '' });
    const part = await ask('/data/labels', { range: 'bytes=2-4' });
    expect(part).toMatchObject({ status: 206, text: '234' });
    expect(part.headers['content-range']).toBe('bytes 2-4/10');
    const head = await ask('/data/labels', { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, text: '' });
    expect(head.headers['content-length']).toBe('10');
  });

  it.each([
    ['a path through a file', '/index.html/x', 404],
    ['a path of 5,000 letters', `/${'a'.repeat(5000)}`, 404],
    ['a name of 300 letters', `/assets/${'a'.repeat(300)}`, 404],
    ['a folder', '/assets', 404],
    ['a folder without a page', '/assets/', 404],
    ['a zero in a name', '/a%00b', 404],
    ['an escape that is none', '/%', 404],
    ['an escape that is no letter', '/%ff', 404],
    ['a way out of the folder', '/../secret', 404],
    ['an escaped way out', '/..%2f..%2fsecret', 404],
    ['a way out of the data', '/data/..%2f..%2fsecret', 404],
    ['slashes', '///', 200],
    ['a host in the path', '//secret', 404],
  ])('goes on after %s', async (_, path, status) => {
    expect((await ask(path)).status).toBe(status);
    expect((await ask('/')).status).toBe(200);
  });

  it('says what it does not do', async () => {
    const posted = await ask('/', { method: 'POST' });
    expect([posted.status, posted.headers['allow']]).toEqual([405, 'GET, HEAD']);
    const beyond = await ask('/data/labels', { range: 'bytes=10-' });
    expect([beyond.status, beyond.headers['content-range']]).toEqual([416, 'bytes */10']);
    expect(await ask('/data/labels', { range: 'lines=1-2' })).toMatchObject({ status: 200 });
  });

  it('goes on when a reader goes away', async () => {
    await new Promise<void>((resolve, reject) => {
      get(new URL('large', server.url), (response) => {
        response.once('data', () => {
          response.destroy();
          resolve();
        });
      }).on('error', reject);
    });
    const whole = await ask('/large');
    expect([whole.status, whole.text.length]).toEqual([200, LARGE]);
  });

  it('goes on after what is no request', async () => {
    const { hostname, port } = new URL(server.url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => socket.end('nonsense\r\n\r\n'));
      socket.on('close', () => resolve()).resume();
    });
    expect((await ask('/')).status).toBe(200);
  });
});

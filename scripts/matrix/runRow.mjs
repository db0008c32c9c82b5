// Builds one row of the matrix in a fresh project, opens or runs it, and compares what came of it.
import { createServer } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '../../demo/server.mjs';
import { openInChromium, openInFirefox } from './open.mjs';
import { execute, makeProject, start } from './project.mjs';

/** Threads where memory can be shared. */
const THREADS = Math.min(2, availableParallelism());

/** sigmoid(0) and sigmoid(2), and how far those of the package may be off. */
const GATES = [0.5, 1 / (1 + Math.exp(-2))];
const GATE_ERROR = 2 ** -22;

/** Headers of a server whose files other origins may use. */
const OPEN = {
  'access-control-allow-origin': '*',
  'cross-origin-resource-policy': 'cross-origin',
};

/** Builds and runs a row; throws with a reason where it does not do what it should. Resolves to what is to be told. */
export async function runRow(row, { folder, tarball, expected }) {
  const project = join(folder, row.name.replaceAll(/\W+/g, '-'));
  await makeProject(project, tarball, row);
  let written = '';
  for (const command of row.build ?? []) written += (await execute(command, project)).output;
  const told = row.check
    ? await row.check(project, tarball)
    : await compare(row, project, expected);
  expectSilence(row, written);
  return told;
}

async function compare(row, project, expected) {
  const { outcome, problems } = await outcomeOf(row, project);
  if (outcome.error) throw new Error(outcome.error);
  const { build, extra, gates, threads, loss, probabilities, warnings } = outcome;
  const same = [loss, ...probabilities].every((value, i) => value === expected[i]);
  if (!same) throw new Error(`loss ${loss} and ${probabilities}, not ${expected}`);
  if (row.extra !== undefined && extra !== row.extra) {
    throw new Error(`the extra module: ${extra}, not ${row.extra}`);
  }
  const wrong = gates.some((gate, i) => !(Math.abs(gate - GATES[i]) <= GATE_ERROR));
  if (wrong || (row.extra && gates.length === 0)) throw new Error(`sigmoid gives ${gates}`);
  const wanted = row.threads ?? THREADS;
  if (threads !== wanted) {
    throw new Error(
      `${threads} threads, not ${wanted}: ${warnings.join('; ') || 'without a word'}`,
    );
  }
  const unexpected = row.warns ? warnings.filter((line) => !row.warns.test(line)) : warnings;
  if (unexpected.length > 0 || (row.warns && warnings.length !== 1)) {
    throw new Error(`warnings: ${warnings.join('; ') || 'none'}`);
  }
  const bad = problems.filter((line) => !row.console?.test(line));
  if (bad.length > 0) throw new Error(`console: ${bad.join('; ')}`);
  return [`${build}, ${threads}`, ...warnings].join(': ');
}

async function outcomeOf(row, project) {
  if (row.run) {
    const { stdout } = await execute(row.run, project);
    return { outcome: JSON.parse(stdout.trim().split('\n').at(-1)), problems: [] };
  }
  if (row.server) return fromServer(row, project);
  let tell;
  const handle = (request, response) => {
    const { pathname, search } = new URL(request.url, 'http://localhost');
    if (pathname !== '/outcome') return false;
    tell?.(JSON.parse(decodeURIComponent(search.slice(1))));
    response.writeHead(204).end();
    return true;
  };
  const served = { folder: join(project, row.out ?? '.'), more: row.headers };
  const server = await serve({ ...served, isolated: row.isolated ?? true, handle });
  const other = await serve({ ...served, more: OPEN });
  try {
    const url = row.page ? row.page(server.url, other.url, project) : server.url;
    return await (row.firefox
      ? openInFirefox(url, (listener) => (tell = listener))
      : openInChromium(url));
  } finally {
    await server.close();
    await other.close();
  }
}

/** A server of the bundler's own. */
async function fromServer(row, project) {
  const port = await freePort();
  const url = `http://localhost:${port}/`;
  const running = start(
    row.server.map((word) => word.replace('PORT', port)),
    project,
    port,
  );
  try {
    await answers(url, running);
    const opened = row.read ? await row.read(url) : await openInChromium(url);
    if (opened.outcome.error) opened.outcome.error += `\n${running.output.slice(-3000)}`;
    expectSilence(row, running.output);
    return opened;
  } finally {
    await running.stop();
  }
}

async function answers(url, running) {
  const end = Date.now() + 120_000;
  while (Date.now() < end && running.code === undefined) {
    const response = await fetch(url).catch(() => undefined);
    await response?.body?.cancel();
    if (response) return;
    await sleep(200);
  }
  throw new Error(`no server at ${url}\n${running.output.slice(-3000)}`);
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function expectSilence(row, written) {
  const lines = written.split('\n').filter((line) => /warn/i.test(line));
  const loud = lines.filter((line) => !row.noise?.test(line));
  if (loud.length > 0) throw new Error(`the build warns: ${written.slice(-3000)}`);
}

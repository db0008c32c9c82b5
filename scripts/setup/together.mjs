// Few chunks for `residua`: each takes a runtime half a millisecond to load, and a page without a bundler a request.
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { dist, root } from './paths.mjs';

const INDEX = join(root, 'ts/index.ts');
/** These load part of what it has: the program says its help without, and no page asks for the check of kernels. */
const ALONE = [INDEX, join(root, 'ts/cli/main.ts'), join(root, 'ts/selfCheck/checkKernels.ts')];
const NAMESPACE = 'together';

const FUNCTIONS = [
  'core/init.ts',
  'core/create.ts',
  'core/gradients.ts',
  'functions/conv2d.ts',
  'functions/relu.ts',
];
const COMPILE = [...FUNCTIONS, 'compile/compile.ts'];
const NETS = [
  ...FUNCTIONS,
  'functions/crossEntropy.ts',
  'nn/batchNorm2d.ts',
  'nn/conv2d.ts',
  'nn/linear.ts',
  'nn/pooling.ts',
  'nn/relu.ts',
  'nn/sequential.ts',
  'optim/sgd.ts',
];
const PREDICT = [
  ...NETS,
  ...COMPILE,
  'data/normalise.ts',
  'models/registry.ts',
  'train/predictor.ts',
];
const ZOO = [...PREDICT, 'optim/schedule.ts', 'train/trainer.ts'];
const LAYERS = [...ZOO, 'functions/index.ts', 'nn/index.ts'];

/**
 * What programs take of it. Files that the same of these reach become a chunk, which bundlers take or leave: more parts are smaller bundles, fewer are
 * fewer chunks. Where one has all of another they divide the rest no further.
 */
const PARTS = {
  engine: ['core/init.ts'],
  functions: FUNCTIONS,
  compile: COMPILE,
  nets: NETS,
  predict: PREDICT,
  zoo: ZOO,
  adamW: [...ZOO, 'optim/adamW.ts'],
  weights: [...ZOO, 'io/safetensors.ts', 'io/weights.ts'],
  layers: LAYERS,
  families: [...LAYERS, 'models/allModels.ts'],
};

/** Entries that divide chunks and are not of the package. */
export const parts = Object.fromEntries(
  Object.keys(PARTS).map((name) => [`part-${name}`, `${NAMESPACE}:${name}`]),
);

/** Takes what esbuild made of {@link parts} away. */
export function dropParts() {
  for (const name of Object.keys(parts)) rmSync(join(dist, `${name}.js`));
}

/**
 * A plugin of esbuild, which makes a chunk of the files that the same entries reach: here every entry, and every file that is
 * loaded later, reaches all that `ts/index.ts` does.
 */
export const togetherPlugin = {
  name: 'together',
  setup(build) {
    build.onResolve({ filter: /^together:/ }, ({ path }) => ({ path, namespace: NAMESPACE }));
    build.onResolve({ filter: /\.ts$/ }, ({ path, kind, resolveDir, namespace }) => {
      if (namespace === NAMESPACE || !(kind === 'entry-point' || kind === 'dynamic-import')) {
        return undefined;
      }
      const file = resolve(resolveDir, path);
      return ALONE.includes(file) ? undefined : { path: file, namespace: NAMESPACE };
    });
    build.onLoad({ filter: /./, namespace: NAMESPACE }, ({ path }) => {
      const files = PARTS[path.replace(`${NAMESPACE}:`, '')];
      const lines = files?.map((file) => `export * from './ts/${file}';`) ?? [
        `import ${JSON.stringify(INDEX)};`,
        `export * from ${JSON.stringify(path)};`,
      ];
      return { contents: lines.join('\n'), resolveDir: root };
    });
  },
};

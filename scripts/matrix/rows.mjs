// The rows of the matrix: a bundler or runtime of one version, what a user writes there, and what is to come of it.
import { browserRows } from './rows/browsers.mjs';
import { bundlerRows } from './rows/bundlers.mjs';
import { edgeRows } from './rows/edge.mjs';
import { nodeRows } from './rows/programs.mjs';
import { nextRows } from './rows/next.mjs';
import { typeRows } from './rows/types.mjs';
import { viteRows } from './rows/vite.mjs';
import { webpackRows } from './rows/webpack.mjs';

export const rows = [
  ...browserRows,
  ...bundlerRows,
  ...viteRows,
  ...webpackRows,
  ...nextRows,
  ...nodeRows,
  ...edgeRows,
  ...typeRows,
];

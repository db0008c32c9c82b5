import { allBuilds, buildsOfThisNode } from './wasm.mjs';

/** Value of an option of the command-line tool, given as `--name value` or `--name=value`. */
export function option(args, name) {
  const index = args.findLastIndex((arg) => arg === name || arg.startsWith(`${name}=`));
  return index < 0 ? undefined : (args[index].split('=')[1] ?? args[index + 1]);
}

/** The WASM builds that the command-line tool may ask for with these arguments: one of each width that is possible, unless only a resumed run knows which. */
export function buildsFor(args) {
  if (option(args, '--resume') !== undefined) return allBuilds;
  const threads = Number(option(args, '--threads'));
  const strict = option(args, '--numerics') === 'strict';
  return buildsOfThisNode({ threads, strict, simd: option(args, '--simd') });
}

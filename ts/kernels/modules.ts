import { reasonOf } from '../base/reasonOf.ts';
import type { Assets, Build, WasmName } from './assets.ts';
import type { EngineParts } from './engine.ts';
import { apart, noteCompiled, readBuild, wasCompiled, type Read } from './readBuild.ts';
import { extraKernels } from './needsExtra.ts';
import { compileHot } from './optimiseAtOnce.ts';

/** What the kernels of an engine are in. */
export type Modules = Pick<EngineParts, 'module' | 'extra'>;

/** The modules of an engine as they were read. */
interface ReadModules {
  readonly build: Build;
  readonly main: Read;
  /** Absent where the program has no op of it; why it cannot be had: only an op that needs it fails then. */
  readonly extra?: Read | string | undefined;
}

/** Reads a build and, where the program has ops of it, the extra module. Throws as {@link readBuild} for the build. */
export async function readModules(build: Build, assets: Assets): Promise<ReadModules> {
  const width = build.includes('-256') ? 256 : 128;
  const [main, extra] = await Promise.all([
    readBuild(build, assets),
    extraKernels()?.read(width, assets, build.endsWith('-threads')).catch(reasonOf),
  ]);
  return { build, main, extra };
}

/** Reads and compiles them. Throws as {@link readBuild} for the build. */
export async function loadModules(build: Build, assets: Assets): Promise<Modules> {
  const { main, extra } = await readModules(build, assets);
  noteCompiled(build);
  const compile = async ({ module, bytes }: Read): Promise<WebAssembly.Module> =>
    module ?? WebAssembly.compile(bytes!);
  const [module, other] = await Promise.all([
    compile(main),
    typeof extra === 'object' ? compile(extra).catch(reasonOf) : extra,
  ]);
  return { module, ...(other && { extra: other }) };
}

/** Modules whose functions V8 optimises when they have run once. Throws Error where bytes are not given. */
export function hotModules(read: ReadModules): Modules {
  return compiled(read, (bytes, name) => {
    const module = compileHot(wasCompiled(name) ? apart(bytes, 1) : bytes);
    noteCompiled(name);
    return module;
  });
}

/** Modules that share no code with those. */
export const referenceModules = (read: ReadModules): Modules =>
  compiled(read, (bytes) => new WebAssembly.Module(apart(bytes, 2)));

type Compile = (bytes: Uint8Array<ArrayBuffer>, name: WasmName) => WebAssembly.Module;

function compiled({ build, main, extra }: ReadModules, compile: Compile): Modules {
  const one = ({ bytes }: Read, name: WasmName): WebAssembly.Module => {
    if (bytes) return compile(bytes, name);
    throw new Error(`the compiled module of ${name} cannot be checked: give its bytes`);
  };
  const module = one(main, build);
  if (!extra) return { module };
  return { module, extra: typeof extra === 'string' ? extra : one(extra, 'extra-256') };
}

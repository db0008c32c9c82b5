import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { withLock } from './lock.mjs';
import { assets, localCache, root, sharedCache } from './paths.mjs';
import { wasmRust, wasmTools } from './rust.mjs';
import { run, SetupError } from './run.mjs';
import { digest, isFresh, stamp } from './stamp.mjs';

const CARGO_FLAGS = ['-Zbuild-std=core,alloc,panic_abort'];
const SIMD = '+simd128';
const RELAXED = '+relaxed-simd';
const ATOMICS = '+atomics,+bulk-memory';
/** The engine puts the kernels of the extra module into its table of functions. */
const LINK = ['--import-table', '--growable-table'];
const THREAD_LINK = [
  ...LINK,
  '--shared-memory',
  '--import-memory',
  '--max-memory=4294967296',
  ...['__heap_base', '__wasm_init_tls', '__tls_size', '__tls_align', '__tls_base'].map(
    (symbol) => `--export=${symbol}`,
  ),
];

// Without its pass LLVM leaves addresses as sums, which V8 takes into its loads; with it large tiles of sums are spilled.
const NO_STRENGTH_REDUCTION = '-C llvm-args=-disable-lsr';

// The transforms of tiles are unrolled as at `opt-level = 3`; loops over memory gain nothing from copies of their bodies, and pages load them.
const UNROLLING = '-C llvm-args=-unroll-threshold=300 -C llvm-args=-unroll-runtime=0';

// Nobody would see a panic's message: a trap is a trap.
const NO_PANIC_MESSAGES = '-C panic=immediate-abort -Z unstable-options';

const flags = (features, link = []) =>
  [
    `-C target-feature=${features.join(',')}`,
    NO_STRENGTH_REDUCTION,
    UNROLLING,
    NO_PANIC_MESSAGES,
    ...link.map((argument) => `-C link-arg=${argument}`),
  ].join(' ');

const FEATURES = { simd: [SIMD], relaxed: [SIMD, RELAXED] };

/**
 * Where the constants of the extra module lie, in bytes: at the lower end of the engine's first stack, which grows down to it from 1 MiB. Kernels
 * take at most the 256 KiB of it that other threads have.
 */
const EXTRA_DATA = { start: 1 << 16, end: 1 << 17 };

/** What the extra module is linked with: the engine's memory, and none of its own for a stack, as the engine says where that is. */
const EXTRA_LINK = [
  '--import-memory',
  '--export-table',
  '--export=__stack_pointer',
  '--export=__data_end',
  '-zstack-size=0',
  // Functions are told apart by their paths, as wasm-bindgen has them in an engine's modules.
  '--demangle',
  `--global-base=${EXTRA_DATA.start}`,
];

/** Of an engine: {plain SIMD, relaxed FMA} × {vectors of 128 bits, pairs of them} × {one thread, shared memory}. */
const ENGINES = Object.fromEntries(
  ['', '-threads'].flatMap((threads) =>
    ['', '-256'].flatMap((width) =>
      Object.entries(FEATURES).map(([lanes, features]) => [
        `${lanes}${width}${threads}`,
        {
          rustFlags: threads ? flags([...features, ATOMICS], THREAD_LINK) : flags(features, LINK),
          cargoFlags: width ? [...CARGO_FLAGS, '--features', 'wide'] : CARGO_FLAGS,
        },
      ]),
    ),
  ),
);

/** Kernels that no net of the zoo needs, for engines of each width: plain SIMD gives the same bits everywhere, with or without threads. */
const EXTRAS = Object.fromEntries(
  ['', '-256'].map((width) => [
    `extra${width}`,
    {
      rustFlags: flags(FEATURES.simd),
      cargoFlags: [
        ...CARGO_FLAGS,
        '--no-default-features',
        ...(width ? ['--features', 'wide'] : []),
      ],
      link: EXTRA_LINK,
    },
  ]),
);

/** The WASM modules. */
export const BUILDS = { ...ENGINES, ...EXTRAS };

const SOURCES = ['Cargo.toml', 'Cargo.lock', 'crates/kernels/Cargo.toml', 'crates/kernels/src'];
// (a, b, c) => a · b + c by f32x4.relaxed_madd, as ts/kernels/probe.ts asks.
const MULTIPLY_ADD = Uint8Array.from([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 3, 125, 125, 125, 1, 125, 3, 2, 1, 0, 7, 5, 1, 1, 102,
  0, 0, 10, 22, 1, 20, 0, 32, 0, 253, 19, 32, 1, 253, 19, 32, 2, 253, 19, 253, 133, 2, 253, 31, 0,
  11,
]);

/** Whether relaxed SIMD rounds a multiply-add once: (1 + e)(1 − e) − 1 is −e² then, and 0 where it rounds twice. */
function fusesMultiplyAdd() {
  if (!WebAssembly.validate(MULTIPLY_ADD)) return false;
  const { f } = new WebAssembly.Instance(new WebAssembly.Module(MULTIPLY_ADD)).exports;
  return f(1 + 1 / 8192, 1 - 1 / 8192, -1) !== 0;
}

/** Node's majors in which the command-line tool asks V8 to pair vectors; `ts/cli/startEngine.ts` has them, too. */
export const WIDE_NODES = [24, 26];

/**
 * The builds that this Node may take for a number of threads (undefined: one per core), kind of numerics and width of vectors: both widths
 * where the engine is asked which.
 */
export function buildsOfThisNode({ threads, strict = false, simd = 'auto' } = {}) {
  const major = Number(process.versions.node.split('.')[0]);
  const both = simd === 'auto' && WIDE_NODES.includes(major);
  const widths = both ? ['-256', ''] : [simd === '256' ? '-256' : ''];
  const [lanes, shared] = buildOfThisNode({ threads, strict });
  return widths.flatMap((width) => [`${lanes}${width}${shared}`, `extra${width}`]);
}

function buildOfThisNode({ threads, strict }) {
  if (Number(process.versions.node.split('.')[0]) < 22) {
    setFlagsFromString('--experimental-wasm-relaxed-simd');
  }
  const lanes = !strict && fusesMultiplyAdd() ? 'relaxed' : 'simd';
  const cores = availableParallelism();
  return [lanes, Math.min(threads || cores, cores) > 1 ? '-threads' : ''];
}

/** A folder that holds nothing but a link to one program. */
function linkFolder(program) {
  const folder = join(localCache, 'bin');
  mkdirSync(folder, { recursive: true });
  rmSync(join(folder, basename(program)), { force: true });
  symlinkSync(program, join(folder, basename(program)));
  return folder;
}

/**
 * Lets cargo compile the sources of this clone: clones share a target folder, where it takes them for those of another that
 * was built later, as it compares times alone.
 */
function markAsChanged() {
  const now = new Date();
  utimesSync(join(root, 'crates/kernels/src/lib.rs'), now, now);
}

async function build(name, env, tools) {
  markAsChanged();
  const own = {
    ...env,
    RUSTFLAGS: BUILDS[name].rustFlags,
    // Both widths, and the extra module, share what is built of std.
    CARGO_TARGET_DIR: join(
      sharedCache,
      'target',
      name.replace('-256', '').replace('extra', 'simd'),
    ),
  };
  const built = await (BUILDS[name].link ? buildExtra : buildEngine)(name, own, tools);
  mkdirSync(assets, { recursive: true });
  const file = join(assets, `${name}.wasm`);
  copyFileSync(built, `${file}.new`);
  renameSync(`${file}.new`, file);
}

async function buildEngine(name, env, { wasmPack, wasmBindgen }) {
  const folder = join(localCache, 'pkg', name);
  await run(
    `WASM build ${name} (wasm-pack, about 20 s)`,
    wasmPack,
    [
      ...['build', 'crates/kernels', '--mode', 'no-install', '--target', 'web', '--release'],
      ...['--no-typescript', '--no-pack', '--out-dir', folder, '--', ...BUILDS[name].cargoFlags],
    ],
    // wasm-pack takes wasm-bindgen from PATH; cargo must stay the one of `env`.
    { env: { ...env, PATH: [linkFolder(wasmBindgen), env.PATH].join(delimiter) } },
  );
  return join(folder, 'kernels_bg.wasm');
}

async function buildExtra(name, env) {
  const target = 'wasm32-unknown-unknown';
  const { cargoFlags, link } = BUILDS[name];
  await run(
    `WASM build ${name} (cargo, about 10 s)`,
    'cargo',
    [
      ...['rustc', '--package', 'residua-kernels', '--lib', '--crate-type', 'cdylib'],
      ...['--release', '--target', target, ...cargoFlags],
      ...['--', ...link.flatMap((argument) => ['-C', `link-arg=${argument}`])],
    ],
    { env },
  );
  const built = join(env.CARGO_TARGET_DIR, target, 'release/kernels.wasm');
  expectExtra(readFileSync(built));
  return built;
}

/** Throws where a module does not have what `ts/kernels/extra.ts` goes by. */
export function expectExtra(bytes, most = EXTRA_DATA.end) {
  const module = new WebAssembly.Module(bytes);
  const imports = WebAssembly.Module.imports(module).map(({ module, name }) => `${module}.${name}`);
  if (imports.join() !== 'env.memory') {
    throw new SetupError(
      `WASM: the extra module imports ${imports} but env.memory alone is wanted`,
    );
  }
  const memory = new WebAssembly.Memory({ initial: 64 });
  const end = new WebAssembly.Instance(module, { env: { memory } }).exports.__data_end.value;
  if (end > most) {
    throw new SetupError(`WASM: constants of the extra module end at ${end}, beyond ${most}`);
  }
}

/** Appends a section `residua` that holds a build's name, by which one that is given for another is told. */
function nameBuild(build) {
  const file = join(assets, `${build}.wasm`);
  const name = Buffer.from(`\x07residua${build}`);
  const section = Buffer.concat([Buffer.from([0, name.length]), name]);
  const bytes = readFileSync(file);
  if (!bytes.subarray(-section.length).equals(section)) appendFileSync(file, section);
}

/** Brings the WASM files named in `names` up to date. */
export async function setUpWasm(names) {
  await buildStale(names);
  names.forEach(nameBuild);
}

async function buildStale(names) {
  const hashes = names.map((name) => digest(SOURCES, BUILDS[name]));
  const stale = () =>
    names.filter((name, i) => !isFresh(`wasm-${name}`, hashes[i], [join(assets, `${name}.wasm`)]));
  if (stale().length === 0) return;
  await withLock(join(sharedCache, 'lock'), async () => {
    const todo = stale();
    if (todo.length === 0) return;
    const env = await wasmRust();
    const tools = await wasmTools();
    for (const name of todo) {
      await build(name, env, tools);
      stamp(`wasm-${name}`, hashes[names.indexOf(name)]);
    }
  });
}

export const allBuilds = Object.keys(BUILDS);

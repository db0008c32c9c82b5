import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { aptInstall, canApt } from './apt.mjs';
import { cargoBin, root, sharedCache, toolsFolder } from './paths.mjs';
import { ask, envWithPath, find, findAll, isRoot, run, say, SetupError } from './run.mjs';

const DEBIAN = ['rustc-web', 'cargo-web', 'rust-web-src', 'lld-22'];
const DEBIAN_BIN = '/usr/bin';
const TARGET = 'wasm32-unknown-unknown';

const ADVICE = `Install Rust >= ${minimumRust()} with \`rustup\` (https://rustup.rs), then
  rustup update && rustup target add ${TARGET} && rustup component add rust-src
or, on Debian 12 as root, run this again: it installs ${DEBIAN.join(', ')} with apt-get.`;

function minimumRust() {
  const manifest = readFileSync(join(root, 'crates/kernels/Cargo.toml'), 'utf8');
  return /^rust-version = "([\d.]+)"/m.exec(manifest)[1];
}

function isAtLeast(version, minimum) {
  const [a, b] = [version, minimum].map((text) => text.split('.').map(Number));
  return a[0] !== b[0] ? a[0] > b[0] : a[1] >= b[1];
}

/** What the rustc found first with `env` is, or undefined when there is none or it is too old. */
function describe(env) {
  const facts = ask('rustc', ['-vV'], env);
  const release = facts && /^release: ([\d.]+)/m.exec(facts)?.[1];
  const sysroot = release && ask('rustc', ['--print', 'sysroot'], env);
  if (!sysroot || !ask('cargo', ['--version'], env) || !isAtLeast(release, minimumRust())) {
    return undefined;
  }
  return {
    env,
    release,
    sysroot,
    host: /^host: (.+)$/m.exec(facts)[1],
    llvm: /^LLVM version: (\d+)/m.exec(facts)?.[1],
  };
}

/** A linker for WASM: the toolchain's own (null: cargo finds it), or LLVM's of the same version. */
function wasmLinker({ sysroot, host, llvm }) {
  if (existsSync(join(sysroot, 'lib/rustlib', host, 'bin/rust-lld'))) return null;
  return find(`wasm-ld-${llvm}`) ?? find('wasm-ld') ?? find('rust-lld');
}

/** The environment for wasm-pack when this Rust has all that a WASM build needs, else undefined. */
function wasmEnvironment(rust) {
  const lib = join(rust.sysroot, 'lib/rustlib');
  const linker = wasmLinker(rust);
  const complete = [`${lib}/${TARGET}/lib`, `${lib}/src/rust/library/Cargo.lock`].every(existsSync);
  if (!complete || linker === undefined) return undefined;
  const name = 'CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER';
  // The threads builds need std with atomics, which stable compilers build only under this flag.
  return { ...rust.env, RUSTC_BOOTSTRAP: '1', ...(linker && { [name]: linker }) };
}

/** The Rust found first on PATH, when it can build WASM. */
function ownRust() {
  const rust = describe(envWithPath(cargoBin));
  return rust && wasmEnvironment(rust);
}

/** Debian's Rust, which may hide behind rustup's on PATH, when it can build WASM. */
function debianRust() {
  const source = join(DEBIAN_BIN, '../lib/rustlib/src/rust/library');
  // wasm-pack takes this folder as the sign that the target is there; what it lacks is built from source.
  if (isRoot && existsSync(source)) {
    mkdirSync(join(DEBIAN_BIN, '../lib/rustlib', TARGET, 'lib'), { recursive: true });
  }
  const rust = describe(envWithPath(DEBIAN_BIN, cargoBin));
  return rust && wasmEnvironment(rust);
}

async function completedRustup() {
  if (!find('rustup') || !describe(envWithPath(cargoBin))) return undefined;
  const options = { timeout: 300_000, env: { ...envWithPath(cargoBin), RUST_BACKTRACE: '0' } };
  try {
    await run(`rustup target add ${TARGET}`, 'rustup', ['target', 'add', TARGET], options);
    await run('rustup component add rust-src', 'rustup', ['component', 'add', 'rust-src'], options);
  } catch (error) {
    const reason = error.message.split('\n').find((line) => line.startsWith('error:'));
    say(`rustup could not add them (${(reason ?? error.message).split('\n')[0].slice(0, 120)})`);
  }
  return ownRust();
}

async function addedDebianRust() {
  if (!canApt) return undefined;
  say("no Rust here can build WASM, so Debian's is installed; a Rust from rustup stays as it is");
  await aptInstall(`Debian packages ${DEBIAN.join(', ')} (about 30 s)`, DEBIAN, ADVICE);
  return debianRust();
}

/** Environment in which `cargo` and `rustc` build WASM with std from source; installs what is missing. */
export async function wasmRust() {
  for (const attempt of [ownRust, debianRust, completedRustup, addedDebianRust]) {
    const env = await attempt();
    if (env) return env;
  }
  throw new SetupError('no Rust here can build WASM', ADVICE);
}

/** Environment in which `cargo` builds programs for this machine. */
export async function hostRust() {
  const own = describe(envWithPath(cargoBin));
  return own?.env ?? (await wasmRust());
}

/** Version of wasm-bindgen in Cargo.lock; the command-line tool must have the same. */
function wasmBindgenVersion() {
  const lock = readFileSync(join(root, 'Cargo.lock'), 'utf8');
  return /name = "wasm-bindgen"\nversion = "([^"]+)"/.exec(lock)[1];
}

const versionOf = (path) => /[\d.]+/.exec(ask(path, ['--version']) ?? '')?.[0] ?? '0.0';

async function cargoInstall(name, args) {
  // These run for a second per build; compiling them with few optimisations saves minutes.
  const quick = {
    OPT_LEVEL: '1',
    LTO: 'off',
    CODEGEN_UNITS: '16',
    DEBUG: 'false',
    STRIP: 'symbols',
  };
  const profile = Object.entries(quick).map(([key, value]) => [
    `CARGO_PROFILE_RELEASE_${key}`,
    value,
  ]);
  await run(
    `${name}: compiling it with cargo install (about 2 minutes, once per machine)`,
    'cargo',
    ['install', name, '--root', toolsFolder, ...args],
    {
      cwd: sharedCache,
      env: {
        ...(await hostRust()),
        ...Object.fromEntries(profile),
        CARGO_TARGET_DIR: join(sharedCache, 'target/tools'),
      },
      advice: `cargo must reach crates.io and find a C compiler; or put ${name} on PATH yourself`,
    },
  );
}

/** Paths of wasm-pack and of the wasm-bindgen tool of the right version; compiles what is missing. */
export async function wasmTools() {
  mkdirSync(sharedCache, { recursive: true });
  const version = wasmBindgenVersion();
  const pack = () => findAll('wasm-pack').find((path) => isAtLeast(versionOf(path), '0.13'));
  const bindgen = () => findAll('wasm-bindgen').find((path) => versionOf(path) === version);
  if (!pack()) await cargoInstall('wasm-pack', ['--locked', '--version', '0.15.1']);
  if (!bindgen()) {
    // Without --locked: the lock file inside the crate names a version that registries have withdrawn.
    await cargoInstall('wasm-bindgen-cli', ['--version', version, '--force']);
  }
  return { wasmPack: pack(), wasmBindgen: bindgen() };
}

/** Clippy and rustfmt for the checks; Debian keeps them in packages of their own. */
export async function setUpRustChecks() {
  const env = await hostRust();
  const missing = [
    ['cargo-clippy', 'rust-web-clippy', 'clippy'],
    ['cargo-fmt', 'rustfmt-web', 'rustfmt'],
  ].filter(
    ([command]) => ask('cargo', [command.slice('cargo-'.length), '--version'], env) === undefined,
  );
  if (missing.length === 0) return;
  const components = missing.map((row) => row[2]);
  if (find('rustup')) {
    await run('rustup: clippy and rustfmt', 'rustup', ['component', 'add', ...components], { env });
  } else if (canApt) {
    await aptInstall(
      "Debian's clippy and rustfmt",
      missing.map((row) => row[1]),
    );
  }
}

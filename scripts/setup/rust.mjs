import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { aptInstall, canApt } from './apt.mjs';
import { cargoBin, root, sharedCache } from './paths.mjs';
import { ask, envWithPath, find, run, say, SetupError } from './run.mjs';

const DEBIAN = ['rustc-web', 'cargo-web', 'rust-web-src', 'lld-22'];
const DEBIAN_BIN = '/usr/bin';
const TARGET = 'wasm32-unknown-unknown';

const ADVICE = `Install Rust >= ${minimumRust()} with \`rustup\` (https://rustup.rs), then
  rustup target add ${TARGET} && rustup component add rust-src
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

async function addRustupParts(rust) {
  const quick = { timeout: 300_000, env: rust.env };
  try {
    await run(`rustup: the ${TARGET} target`, 'rustup', ['target', 'add', TARGET], quick);
    await run(
      'rustup: the standard library source',
      'rustup',
      ['component', 'add', 'rust-src'],
      quick,
    );
  } catch (error) {
    say(`rustup could not: ${error.message.trimEnd().split('\n').at(-1)}`);
  }
}

async function addDebianRust() {
  if (!canApt) return;
  say('this Rust cannot build WASM, so Debian packages of one that can are installed beside it');
  await aptInstall(`Debian's Rust for WASM (${DEBIAN.join(', ')}; about 30 s)`, DEBIAN, ADVICE);
}

/** wasm-pack takes the folder as the sign that the target is there; the parts in it are built from source. */
function completeDebianRust() {
  const folder = join(DEBIAN_BIN, '../lib/rustlib', TARGET, 'lib');
  const source = join(DEBIAN_BIN, '../lib/rustlib/src/rust/library');
  if (canApt && existsSync(source)) mkdirSync(folder, { recursive: true });
}

/** Environment in which `cargo` and `rustc` build WASM with std from source; installs what is missing. */
export async function wasmRust() {
  const own = describe(envWithPath(cargoBin));
  const ownEnvironment = own && wasmEnvironment(own);
  if (ownEnvironment) return ownEnvironment;
  completeDebianRust();
  const debian = () => {
    const rust = describe(envWithPath(DEBIAN_BIN, cargoBin));
    return rust && wasmEnvironment(rust);
  };
  const installed = debian();
  if (installed) return installed;
  if (own && find('rustup')) {
    await addRustupParts(own);
    const now = wasmEnvironment(own);
    if (now) return now;
  }
  await addDebianRust();
  completeDebianRust();
  const added = debian();
  if (added) return added;
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

const versionOf = (name) => {
  const path = find(name);
  return path && /[\d.]+/.exec(ask(path, ['--version']) ?? '')?.[0];
};

async function cargoInstall(name, args, minutes) {
  await run(
    `${name}: compiling it with cargo install into ${cargoBin} (about ${minutes} minutes, once per machine)`,
    'cargo',
    ['install', name, ...args],
    {
      cwd: sharedCache,
      env: { ...(await hostRust()), CARGO_TARGET_DIR: join(sharedCache, 'target/tools') },
      advice: `cargo must reach crates.io and find a C compiler; or put ${name} on PATH yourself`,
    },
  );
}

/** wasm-pack and the wasm-bindgen tool, installed when missing or of another version. */
export async function setUpWasmTools() {
  mkdirSync(sharedCache, { recursive: true });
  if (!isAtLeast(versionOf('wasm-pack') ?? '0.0', '0.13')) {
    await cargoInstall('wasm-pack', ['--locked', '--version', '0.15.1'], 2);
  }
  const version = wasmBindgenVersion();
  if (versionOf('wasm-bindgen') !== version) {
    // Without --locked: the lock file inside the crate names a version that registries have withdrawn.
    await cargoInstall('wasm-bindgen-cli', ['--version', version, '--force'], 3);
  }
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

import { SetupError } from '../setup/run.mjs';

/** What people download. */
const MOST_BYTES = 1_500_000;
const SOURCES = /^(ts|crates|test|scripts|demo|bench)\//;
const WANTED = ['README.md', 'LICENSE', 'CHANGELOG.md', 'dist/index.js', 'dist/THIRD-PARTY.txt'];

/**
 * The changelog with what is unreleased under a version and a day.
 *
 * @throws {SetupError} where nothing is unreleased, or the version is there already
 */
export function releaseNotes(changelog, version, day) {
  if (changelog.split('\n').some((line) => line.split(' – ')[0] === `## ${version}`)) {
    throw new SetupError(`release: CHANGELOG.md has ${version} already`);
  }
  const [, body] = /\n## Unreleased\n([^]*?)(?=\n## |$)/.exec(changelog) ?? [];
  if (!body?.trim()) throw new SetupError('release: CHANGELOG.md has nothing under "Unreleased"');
  return changelog.replace('\n## Unreleased\n', `\n## Unreleased\n\n## ${version} – ${day}\n`);
}

/** Numbers of a version, and what follows them. */
function partsOf(version) {
  const [numbers, ...rest] = version.split('-');
  return { numbers: numbers.split('.').map(Number), before: rest.join('-') };
}

/** Whether a version comes after another; `0.2.0-beta.2` comes before `0.2.0` and after `0.2.0-beta.1`. */
function isLater(version, other) {
  const [a, b] = [partsOf(version), partsOf(other)];
  const at = a.numbers.findIndex((number, i) => number !== b.numbers[i]);
  if (at >= 0) return a.numbers[at] > b.numbers[at];
  if (a.before === '' || b.before === '') return a.before === '' && b.before !== '';
  return a.before.localeCompare(b.before, 'en', { numeric: true }) > 0;
}

/**
 * Throws SetupError unless a version follows the one that there is, and has no tag yet.
 *
 * @param {readonly string[]} tags of the repository
 */
export function checkVersion(version, current, tags) {
  if (!isLater(version, current)) {
    throw new SetupError(`release: the version is ${version} but must come after ${current}`);
  }
  if (tags.includes(`v${version}`)) {
    throw new SetupError(`release: there is a tag v${version} already`);
  }
}

/** Throws SetupError unless a package has what it should, and no more of it than people want to download. */
export function checkPacked({ size, files }) {
  if (size > MOST_BYTES) {
    throw new SetupError(
      `release: the package has ${size} bytes but at most ${MOST_BYTES} are wanted`,
    );
  }
  const paths = files.map(({ path }) => path);
  const missing = WANTED.filter((path) => !paths.includes(path));
  const sources = paths.filter((path) => SOURCES.test(path));
  if (missing.length + sources.length > 0) {
    throw new SetupError(
      `release: the package lacks ${missing.join(', ') || 'nothing'} and has sources: ${sources.join(', ') || 'none'}`,
    );
  }
}

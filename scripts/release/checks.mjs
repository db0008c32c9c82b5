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
  if (changelog.includes(`\n## ${version} `)) {
    throw new SetupError(`release: CHANGELOG.md has ${version} already`);
  }
  const [, body] = /\n## Unreleased\n([^]*?)(?=\n## |$)/.exec(changelog) ?? [];
  if (!body?.trim()) throw new SetupError('release: CHANGELOG.md has nothing under "Unreleased"');
  return changelog.replace('\n## Unreleased\n', `\n## Unreleased\n\n## ${version} – ${day}\n`);
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

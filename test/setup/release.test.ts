import { describe, expect, it } from 'vitest';
import { checkPacked, checkVersion, releaseNotes } from '../../scripts/release/checks.mjs';

const CHANGELOG = '# Changelog\n\n## Unreleased\n\n- New.\n\n## 0.1.0 – 2026-01-01\n\n- Old.\n';

describe('release notes', () => {
  it('put what is unreleased under the version and the day', () => {
    expect(releaseNotes(CHANGELOG, '0.2.0', '2026-02-03')).toBe(
      '# Changelog\n\n## Unreleased\n\n## 0.2.0 – 2026-02-03\n\n- New.\n\n## 0.1.0 – 2026-01-01\n\n- Old.\n',
    );
  });

  it.each([
    ['a version that is there', CHANGELOG, '0.1.0', 'CHANGELOG.md has 0.1.0 already'],
    [
      'one without a day',
      CHANGELOG.replace(' – 2026-01-01', ''),
      '0.1.0',
      'CHANGELOG.md has 0.1.0 already',
    ],
    ['nothing new', CHANGELOG.replace('- New.\n', ''), '0.2.0', 'nothing under "Unreleased"'],
  ])('refuse %s', (_, changelog, version, message) => {
    expect(() => releaseNotes(changelog, version, '2026-02-03')).toThrow(message);
  });
});

describe('a version', () => {
  it.each([
    ['0.1.1', '0.1.0'],
    ['0.10.0', '0.9.3'],
    ['1.0.0', '0.9.3'],
    ['0.2.0', '0.2.0-beta.10'],
    ['0.2.0-beta.10', '0.2.0-beta.9'],
    ['0.2.0-beta', '0.1.9'],
  ])('%s comes after %s', (version, current) => {
    expect(() => checkVersion(version, current, ['v0.1.0'])).not.toThrow();
    const message = `the version is ${current} but must come after ${version}`;
    expect(() => checkVersion(current, version, [])).toThrow(message);
  });

  it('is refused where it is the one that there is, or has a tag', () => {
    expect(() => checkVersion('0.1.0', '0.1.0', [])).toThrow('must come after 0.1.0');
    expect(() => checkVersion('0.2.0', '0.1.0', ['v0.2.0'])).toThrow('a tag v0.2.0 already');
  });
});

describe('a packed package', () => {
  const wanted = ['README.md', 'LICENSE', 'CHANGELOG.md', 'dist/index.js', 'dist/THIRD-PARTY.txt'];
  const of = (size: number, paths: string[]) => ({ size, files: paths.map((path) => ({ path })) });

  it('that has what it should is taken', () => {
    expect(() => checkPacked(of(1_400_000, wanted))).not.toThrow();
  });

  it.each([
    ['too large a one', of(1_500_001, wanted), '1500001 bytes but at most 1500000'],
    ['one without its licence', of(1, wanted.slice(2)), 'lacks README.md, LICENSE'],
    ['one with sources', of(1, [...wanted, 'ts/index.ts']), 'has sources: ts/index.ts'],
  ])('refuses %s', (_, facts, message) => {
    expect(() => checkPacked(facts)).toThrow(message);
  });
});

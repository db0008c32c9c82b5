import { afterEach, expect, it, vi } from 'vitest';
import { printResult, say } from '../../ts/cli/terminal/say.ts';

afterEach(() => vi.restoreAllMocks());

it('shows what could steer a terminal as escapes', () => {
  const onStderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const onStdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  say('a\x1b[2J.png: read: \x07no\x9b');
  printResult(false, undefined, () => 'a\x1b]0;b\x07\n\tç');
  printResult(true, { name: '\x1b' }, () => '');
  expect(onStderr.mock.calls).toEqual([['residua: a\\x1b[2J.png: read: \\x07no\\x9b\n']]);
  expect(onStdout.mock.calls).toEqual([['a\\x1b]0;b\\x07\n\tç\n'], ['{"name":"\\u001b"}\n']]);
});

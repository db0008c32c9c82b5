import process from 'node:process';
import { say } from './say.ts';

/** npm and the terminal may both pass on one Ctrl-C; a person takes longer to press it again. */
const SAME_PRESS_MS = 300;
const EXIT_CODE = 130;

/** A signal that the first Ctrl-C (or SIGTERM) aborts; a second ends the process at once. */
export class Interrupt {
  readonly #controller = new AbortController();
  #pressedAt: number | undefined;

  /** `before` makes room for the words. */
  constructor(words: string, before: () => void) {
    const press = (): void => {
      const now = performance.now();
      this.#pressedAt ??= now;
      if (now - this.#pressedAt > SAME_PRESS_MS) process.exit(EXIT_CODE);
      if (this.aborted) return;
      before();
      say(words);
      this.#controller.abort();
    };
    process.on('SIGINT', press).on('SIGTERM', press);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get aborted(): boolean {
    return this.signal.aborted;
  }

  /** Exit code of a command that was stopped. */
  static readonly exitCode = EXIT_CODE;
}

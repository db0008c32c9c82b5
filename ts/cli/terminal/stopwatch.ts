/** Time that passed while it ran. */
export class Stopwatch {
  #milliseconds: number;
  #since: number | undefined;

  constructor(startSeconds = 0) {
    this.#milliseconds = 1000 * startSeconds;
  }

  start(): void {
    this.#since ??= performance.now();
  }

  pause(): void {
    this.#milliseconds = 1000 * this.seconds;
    this.#since = undefined;
  }

  get seconds(): number {
    const running = this.#since === undefined ? 0 : performance.now() - this.#since;
    return (this.#milliseconds + running) / 1000;
  }
}

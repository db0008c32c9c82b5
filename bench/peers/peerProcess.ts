import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Reply, Request } from './protocol.ts';

/** A program and its arguments. */
export type CommandLine = readonly [program: string, ...args: string[]];

type ReplyOf<K extends Reply['kind']> = Extract<Reply, { kind: K }>;

/** A peer in a process of its own, which runs when it is asked to and sleeps otherwise. */
export class PeerProcess {
  readonly pid: number;
  /** Milliseconds from its start to its first result. */
  firstMs = NaN;
  readonly #child: ChildProcess;
  readonly #started = performance.now();
  readonly #replies: AsyncIterator<string>;
  #errors = '';

  constructor([program, ...args]: CommandLine, env: NodeJS.ProcessEnv = process.env) {
    this.#child = spawn(program, args, { env, stdio: ['pipe', 'ignore', 'pipe', 'pipe'] });
    this.pid = this.#child.pid ?? -1;
    // A process that has gone is told of by its missing reply.
    this.#child.on('error', (error) => (this.#errors = error.message));
    this.#child.stdin!.on('error', () => undefined);
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-2000);
    });
    const replies = createInterface({ input: this.#child.stdio[3] as Readable });
    this.#replies = replies[Symbol.asyncIterator]();
  }

  /**
   * Waits until the network is loaded and has run.
   *
   * @throws {Error} with the reason when the peer cannot run
   */
  async ready(): Promise<ReplyOf<'ready'>> {
    await this.#next('first');
    this.firstMs = performance.now() - this.#started;
    return this.#next('ready');
  }

  /** Lets it run for at least so long; milliseconds of each run. */
  async visit(visitMs: number): Promise<readonly number[]> {
    this.#ask({ kind: 'visit', visitMs });
    return (await this.#next('visited')).ms;
  }

  /** The most memory that the process has held, in bytes. */
  async peakBytes(): Promise<number> {
    this.#ask({ kind: 'memory' });
    return (await this.#next('memory')).peakBytes;
  }

  /** Ends the process and waits until it has gone. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null || this.pid < 0) return;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await gone;
  }

  #ask(request: Request): void {
    this.#child.stdin!.write(`${JSON.stringify(request)}\n`);
  }

  async #next<K extends Reply['kind']>(kind: K): Promise<ReplyOf<K>> {
    const { value, done } = await this.#replies.next();
    if (done) throw new Error(messageIn(this.#errors) ?? 'the process ended without a word');
    const reply = JSON.parse(value) as Reply;
    if (reply.kind === 'failed') throw new Error(reply.reason);
    if (reply.kind !== kind) throw new Error(`it answered ${reply.kind} instead of ${kind}`);
    return reply as ReplyOf<K>;
  }
}

/** The line of an uncaught error in what a process printed, or the last one. */
function messageIn(text: string): string | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return (lines.findLast((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1))?.trim();
}

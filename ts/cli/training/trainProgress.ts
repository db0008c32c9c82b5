import cliProgress from 'cli-progress';
import process from 'node:process';
import type { StepReport } from '../../train/metrics.ts';
import { clock, percent } from '../terminal/format.ts';

const LINE_EVERY_MS = 5000;
const LAST_COLUMN = 80;
const SMALLEST_BAR = 8;
const LARGEST_BAR = 30;
/** Weight of a new value in the loss, accuracy and speed that are shown. */
const SHARE = 0.1;

/** What is shown of a training run while it lasts: a bar at a terminal, else a line now and then; on stderr. */
export class TrainProgress {
  readonly #epochs: number;
  readonly #prefix: string;
  readonly #stream = process.stderr;
  readonly #bar: cliProgress.SingleBar | undefined;
  #text = '';
  #shown = false;
  #lineAt = performance.now();
  #steppedAt = performance.now();
  #smooth: { loss: number; accuracy: number; secondsPerImage: number } | undefined;

  /** `prefix` says what the run is a part of. */
  constructor(epochs: number, prefix = '') {
    this.#epochs = epochs;
    this.#prefix = prefix;
    if (!this.#stream.isTTY) return;
    this.#bar = new cliProgress.SingleBar({
      stream: this.#stream,
      format: (_, params) => this.#layOut(params.progress),
      clearOnComplete: true,
      gracefulExit: false,
      fps: 5,
    });
  }

  /** A training step is done. */
  step(report: StepReport): void {
    const now = performance.now();
    const secondsPerImage = (now - this.#steppedAt) / 1000 / report.images;
    this.#steppedAt = now;
    const last = this.#smooth ?? { loss: report.loss, accuracy: report.accuracy, secondsPerImage };
    const mix = (old: number, value: number): number => old + SHARE * (value - old);
    this.#smooth = {
      loss: mix(last.loss, report.loss),
      accuracy: mix(last.accuracy, report.accuracy),
      secondsPerImage: mix(last.secondsPerImage, secondsPerImage),
    };
    const { loss, accuracy } = this.#smooth;
    const speed = 1 / this.#smooth.secondsPerImage;
    const left = (report.steps - report.step) * report.images * this.#smooth.secondsPerImage;
    this.#update(
      `${this.#prefix}epoch ${report.epoch + 1}/${this.#epochs}`,
      [report.epochStep, report.epochSteps],
      `loss ${loss.toFixed(3)}  acc ${percent(accuracy, 1)}  ${speed.toFixed(0)} img/s  ${clock(left)} left`,
    );
  }

  /** Part of the test images have been looked at. */
  evaluated(done: number, all: number): void {
    this.#update('testing', [done, all], 'images');
  }

  /** The clock of images/s starts anew, after work that is not training. */
  resume(): void {
    this.#steppedAt = performance.now();
  }

  /** Takes the bar away, so that a line can be written. */
  clear(): void {
    if (this.#shown) this.#bar?.stop();
    this.#shown = false;
  }

  #update(head: string, [done, all]: readonly [number, number], tail: string): void {
    if (!this.#bar) {
      const now = performance.now();
      if (now - this.#lineAt < LINE_EVERY_MS) return;
      this.#lineAt = now;
      this.#stream.write(`${head}  ${done}/${all}  ${tail}\n`);
      return;
    }
    this.#text = `${head} \0 ${String(done).padStart(String(all).length)}/${all}  ${tail}`;
    if (!this.#shown) this.#bar.start(all, done);
    else {
      this.#bar.setTotal(all);
      this.#bar.update(done);
    }
    this.#shown = true;
  }

  /** The bar takes what the text leaves of the line. */
  #layOut(progress: number): string {
    const room = Math.min(this.#stream.columns || LAST_COLUMN, 120) - this.#text.length;
    const size = Math.max(SMALLEST_BAR, Math.min(LARGEST_BAR, room));
    const filled = Math.round(progress * size);
    return this.#text.replace('\0', '█'.repeat(filled) + '░'.repeat(size - filled));
  }
}

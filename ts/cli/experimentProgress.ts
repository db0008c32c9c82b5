import type { VariantRun } from '../experiments/result.ts';
import type { StepReport } from '../train/metrics.ts';
import { clock, percent } from './format.ts';
import { say } from './say.ts';
import { TrainProgress } from './trainProgress.ts';

/** What is shown of an experiment while it lasts: the network that trains, and a line for each that is done; on stderr. */
export class ExperimentProgress {
  readonly #epochs: number;
  #head = '';
  #bar: TrainProgress;

  constructor(epochs: number) {
    this.#epochs = epochs;
    this.#bar = new TrainProgress(epochs);
  }

  /** A network begins; `number` of `runs`. */
  begin(number: number, runs: number): void {
    const width = String(runs).length;
    this.#head = `${String(number).padStart(width)}/${runs}`;
    this.#bar = new TrainProgress(this.#epochs, `${this.#head} `);
  }

  step(report: StepReport): void {
    this.#bar.step(report);
  }

  end({ variant, seed, epochs, test, dropped, seconds }: VariantRun): void {
    this.clear();
    const last = epochs.at(-1);
    const parts = [
      ...(last ? [`training ${percent(last.error, 1)}`] : []),
      ...(test ? [`test ${percent(1 - test.accuracy, 1)}`] : []),
      ...(dropped ? [`dropped ${percent(1 - dropped.accuracy, 1)}`] : []),
    ];
    const errors = parts.length > 0 ? `  wrong: ${parts.join(', ')}` : '';
    say(`${this.#head} ${variant}, seed ${seed}${errors}  ${clock(seconds)}`);
  }

  /** Takes the bar away, so that a line can be written. */
  clear(): void {
    this.#bar.clear();
  }
}

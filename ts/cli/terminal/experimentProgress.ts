import type { VariantRun } from '../../experiments/variantRun.ts';
import type { StepReport } from '../../train/metrics.ts';
import { clock } from './format.ts';
import { say } from './say.ts';
import { TrainProgress } from '../training/trainProgress.ts';

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

  /** A network is done: how many percent it classifies wrong. */
  end({ variant, seed, epochs, test, dropped, seconds }: VariantRun): void {
    this.clear();
    const last = epochs.at(-1);
    const wrong = (share: number): string => (100 * share).toFixed(1);
    const parts = [
      ...(last ? [`training ${wrong(last.error)}`] : []),
      ...(test ? [`test ${wrong(1 - test.accuracy)}`] : []),
      ...(dropped ? [`dropped ${wrong(1 - dropped.accuracy)}`] : []),
    ];
    const errors = parts.length > 0 ? `  %: ${parts.join(', ')}` : '';
    say(`${this.#head} ${variant}, seed ${seed}${errors}  ${clock(seconds)}`);
  }

  /** Takes the bar away, so that a line can be written. */
  clear(): void {
    this.#bar.clear();
  }
}

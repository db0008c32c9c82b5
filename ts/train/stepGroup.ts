/** Where a batch stands among those that make one step of the optimizer; `whole`: it is the only one. */
export type StepPart = 'whole' | 'first' | 'middle' | 'last';

/** What one batch gave. */
export interface StepResult {
  /** Before the update. */
  readonly loss: number;
  /** Share of the images that were classified right. */
  readonly accuracy: number;
  readonly gradientNorms?: Record<string, number>;
}

/** The batches of one step of the optimizer: which comes next, and what those so far gave. */
export class StepGroup {
  readonly images: number;
  readonly #parts: number;
  #done = 0;
  #loss = 0;
  #accuracy = 0;
  #milliseconds = 0;

  constructor(images: number, batchSize: number) {
    this.images = images;
    this.#parts = Math.ceil(images / batchSize);
  }

  /** Of the next batch. */
  get part(): StepPart {
    if (this.#parts === 1) return 'whole';
    if (this.#done === 0) return 'first';
    return this.#done === this.#parts - 1 ? 'last' : 'middle';
  }

  get complete(): boolean {
    return this.#done === this.#parts;
  }

  /** Means over the images so far, as `share`s of the group's; times are summed. */
  get totals(): { images: number; loss: number; accuracy: number; milliseconds: number } {
    const { images } = this;
    return {
      images,
      loss: this.#loss,
      accuracy: this.#accuracy,
      milliseconds: this.#milliseconds,
    };
  }

  /** Counts a batch that has `share` of the images, 0…1. */
  add({ loss, accuracy }: StepResult, share: number, milliseconds: number): void {
    this.#done++;
    this.#loss += share * loss;
    this.#accuracy += share * accuracy;
    this.#milliseconds += milliseconds;
  }
}

/** What a finished training step reports. */
export interface StepReport {
  /** Steps done since the start of training, this one included. */
  readonly step: number;
  /** What `step` is at the end of the run. */
  readonly steps: number;
  /** Epochs done since the start of training. */
  readonly epoch: number;
  /** Steps done in this epoch, this one included, and how many it has. */
  readonly epochStep: number;
  readonly epochSteps: number;
  /** Mean loss of the batch, before the update. */
  readonly loss: number;
  /** Share of the batch that was classified right, 0…1. */
  readonly accuracy: number;
  readonly learningRate: number;
  /** Images in the batch. */
  readonly images: number;
  /** Milliseconds of the step, without the time to make the batch. */
  readonly milliseconds: number;
  /** Norm of the gradient of each weight with two axes or more, by name, in the order of the network. */
  readonly gradientNorms?: Readonly<Record<string, number>>;
}

/** What an evaluation reports. */
export interface Evaluation {
  /** Mean over all images. */
  readonly loss: number;
  /** Share of all images, 0…1. */
  readonly accuracy: number;
  readonly images: number;
}

/** What a finished epoch reports. */
export interface EpochReport {
  /** Epochs done since the start of training, without this one. */
  readonly epoch: number;
  /** How many they are at the end of the run. */
  readonly epochs: number;
  /** Means over the epoch's training steps. */
  readonly loss: number;
  readonly accuracy: number;
  /** On the validation data, where there is any. */
  readonly validation?: Evaluation;
  /** Milliseconds of the epoch's training, batches included, evaluation not. */
  readonly milliseconds: number;
}

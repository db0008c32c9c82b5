import {
  DATASETS,
  decodePng,
  fitImage,
  normalise,
  type Image,
  type Predictor,
} from '../ts/index.ts';
import type { Answer } from './messages.ts';

const { mnist } = DATASETS;

/** Reads what people draw or bring along with the network of the moment, prepared as MNIST was. */
export class Reader {
  readonly #tell: (answer: Answer) => void;
  #predictor: Predictor | undefined;
  #waiting: Image | undefined;

  constructor(tell: (answer: Answer) => void) {
    this.#tell = tell;
  }

  /** The network that reads from now on; none while another one is made. */
  set predictor(predictor: Predictor | undefined) {
    this.#predictor = predictor;
  }

  /** Keeps a picture to be read at the next {@link Reader.read}: the latest one counts. */
  take(image: Image): void {
    this.#waiting = image;
  }

  /** Keeps the picture of a PNG file; says so when it is none. */
  async takeFile(bytes: Uint8Array, name: string): Promise<void> {
    try {
      this.take(await decodePng(bytes, name));
    } catch (error) {
      this.#tell({ kind: 'unread', why: error instanceof Error ? error.message : String(error) });
    }
  }

  /** Reads what waits. Not to be called during a step: an engine runs one plan at a time. */
  async read(): Promise<void> {
    const image = this.#waiting;
    if (!image) return;
    if (!this.#predictor) {
      return this.#tell({ kind: 'unread', why: 'There is no network yet: start training first.' });
    }
    this.#waiting = undefined;
    const { pixels, blank } = fitImage(image, mnist);
    if (blank) return this.#tell({ kind: 'unread', why: 'There is nothing on the sheet.' });
    const { height, width, channels } = mnist;
    const shape = [1, height, width, channels];
    const probabilities = await this.#predictor.probabilities(normalise(pixels, mnist), shape);
    this.#tell({ kind: 'read', pixels, probabilities });
  }
}

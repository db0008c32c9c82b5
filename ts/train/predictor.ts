import { dispose } from '../base/symbols.ts';
import { compile } from '../compile/compile.ts';
import type { Plan } from '../compile/plan.ts';
import { normalise } from '../data/normalise.ts';
import { apply } from '../core/apply.ts';
import { softmax } from '../ops/softmax.ts';
import type { Module } from '../nn/module.ts';
import { formatShape, type Shape } from '../base/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import { inMode } from '../nn/inMode.ts';
import { engineOf } from './engineOf.ts';
import { RecentPlans, type PlanLimit } from './recentPlans.ts';
import { SettingsWatch } from './settingsWatch.ts';
import { expectOptions, type OptionNames } from '../base/settings.ts';

/** How a `Predictor` runs. */
export type PredictorOptions = PlanLimit;

/** Values that are normalised already, or pixels as bytes. */
export type Images = Float32Array | Uint8Array | Uint8ClampedArray;

const OPTIONS: OptionNames<PredictorOptions> = { plans: 1 };

/**
 * Runs a model on batches: compiled once for each shape and state of its settings, batch norm folded, weights packed.
 *
 * @example
 * import { Predictor, resnet8 } from 'residua';
 *
 * const predictor = new Predictor(resnet8({ inChannels: 1, seed: 1 }));
 * const image = new Float32Array(28 * 28);
 * const probabilities = await predictor.probabilities(image, [1, 28, 28, 1]);
 * console.log(probabilities.indexOf(Math.max(...probabilities)));
 * predictor.dispose();
 */
export class Predictor implements Disposable {
  readonly model: Module;
  readonly #settings = new SettingsWatch(false);
  readonly #plans: RecentPlans<{ readonly plan: Plan }>;

  /** Throws RangeError for a number of plans below 1. */
  constructor(model: Module, options: PredictorOptions = {}) {
    expectOptions('Predictor', options, OPTIONS);
    this.model = model;
    this.#plans = new RecentPlans('Predictor', options);
  }

  /** The compiled forward pass for images `[N, H, W, C]`; its outputs are logits and probabilities. */
  plan(shape: Shape): Plan {
    const predict = (x: Tensor): Tensor[] => {
      const logits = this.model.forward(x);
      return [logits, apply(softmax, { x: logits }, {}).y];
    };
    const make = (): Plan =>
      inMode(this.model, false, () =>
        compile(predict, [{ shape, dtype: 'f32' }], {
          engine: engineOf(this.model),
          recording: false,
        }),
      );
    const key = `${shape.join('×')} ${this.#settings.state(this.model)}`;
    return this.#plans.get(key, () => ({ plan: make() })).plan;
  }

  /**
   * Logits of images, row by row. Bytes are pixels, which are normalised as the network's training data were.
   *
   * @throws {RangeError} when the values do not fill the shape, or bytes are given and the network does not say what it was
   *   trained with
   */
  async logits(images: Images, shape: Shape): Promise<Float32Array> {
    const [logits] = await this.plan(shape).run(this.#normalised(images, shape));
    return logits as Float32Array;
  }

  /** Class probabilities of images as {@link Predictor.logits} takes them, `[N, classes]` row by row. */
  async probabilities(images: Images, shape: Shape): Promise<Float32Array> {
    const [, probabilities] = await this.plan(shape).run(this.#normalised(images, shape));
    return probabilities as Float32Array;
  }

  /** Frees the plans; runs that have been asked for go on to their end, and the model stays. */
  dispose(): void {
    this.#plans.dispose();
  }

  [dispose](): void {
    this.dispose();
  }

  #normalised(images: Images, shape: Shape): Float32Array {
    if (images instanceof Float32Array) return images;
    if (!(images instanceof Uint8Array || images instanceof Uint8ClampedArray)) {
      throw new TypeError(
        `predict: images are ${kindOf(images)} but must be a Float32Array of normalised values or a Uint8Array of pixels`,
      );
    }
    const { normalisation } = this.model;
    if (!normalisation) {
      throw new RangeError(
        'predict: pixels are given as bytes but the network does not say what it was trained with: set its normalisation',
      );
    }
    const { length } = normalisation.mean;
    if (shape.at(-1) !== length) {
      throw new RangeError(
        `predict: images ${formatShape(shape)} have ${shape.at(-1)} channels but the network's mean has ${length}`,
      );
    }
    return normalise(
      new Uint8Array(images.buffer, images.byteOffset, images.length),
      normalisation,
    );
  }
}

const kindOf = (value: unknown): string =>
  value instanceof Object ? `of the class ${value.constructor.name}` : String(value);

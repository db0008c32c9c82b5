import type { Image, StepReport } from '../ts/index.ts';

/** What the page's form says. */
export interface Settings {
  readonly model: string;
  readonly images: number;
  readonly batchSize: number;
  readonly epochs: number;
}

/** From the page to the worker. */
export type Request =
  | { readonly kind: 'start'; readonly settings: Settings }
  | { readonly kind: 'stop' }
  | { readonly kind: 'drawing'; readonly image: Image }
  | { readonly kind: 'file'; readonly name: string; readonly bytes: Uint8Array };

/** From the worker to the page. */
export type Answer =
  | { readonly kind: 'state'; readonly text: string }
  | {
      readonly kind: 'engine';
      readonly build: string;
      readonly threads: number;
      readonly isolated: boolean;
    }
  | { readonly kind: 'plan'; readonly peakBytes: number; readonly steps: number }
  | { readonly kind: 'digits'; readonly pixels: Uint8Array; readonly labels: Uint8Array }
  | { readonly kind: 'predictions'; readonly probabilities: Float32Array }
  | { readonly kind: 'read'; readonly pixels: Uint8Array; readonly probabilities: Float32Array }
  | { readonly kind: 'unread'; readonly why: string }
  | { readonly kind: 'step'; readonly report: StepReport; readonly imagesPerSecond: number }
  | { readonly kind: 'evaluating'; readonly done: number; readonly all: number }
  | { readonly kind: 'stopped'; readonly step: number }
  | {
      readonly kind: 'done';
      readonly testAccuracy: number;
      readonly testImages: number;
      readonly imagesPerSecond: number;
      readonly seconds: number;
    }
  | { readonly kind: 'failed'; readonly message: string };

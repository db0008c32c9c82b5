import { at, rows } from './args.ts';
import type { Op } from './op.ts';
import type { One } from './places.ts';
import { expectLogits } from './softmaxCrossEntropy.ts';

/** How many rows of logits `[N, K]` have their first maximum at the label `[N]` (i32): correct `[]` (i32). */
export const countCorrect: Op<{ logits: One; labels: One }, { correct: One }, object> = {
  name: 'countCorrect',
  infer({ logits, labels }) {
    expectLogits('countCorrect', logits, labels);
    return { correct: { shape: [], dtype: 'i32' } };
  },
  lower(to, { logits, labels }, { correct }) {
    const { pixels, channels } = rows(logits);
    to.step({
      kernel: 'countCorrect.forward.f32/scalar',
      chunks: 1,
      args: {
        ...at('logits', logits),
        labels: labels.pointer,
        rows: pixels,
        classes: channels,
        correct: correct.pointer,
      },
    });
  },
};

import { renamed } from '../../io/weights/names.ts';
import type { Naming } from '../../io/weights/naming.ts';

/** What tells timm's names of a network of inverted bottlenecks from torchvision's. */
export interface TimmMobile {
  readonly whose: string;
  /** Where the last convolution lies here. */
  readonly last: string;
  /** Where a block lies here; undefined for one that there is not. */
  readonly place: (stage: number, block: number) => string | undefined;
  /** Our names of a layer within a block of the first stage, which does not widen, by timm's. */
  readonly narrow: Readonly<Record<string, string>>;
  /** The same of the other stages. */
  readonly wide: Readonly<Record<string, string>>;
}

/** timm's names of such a network: `conv_stem`, `blocks.1.0.conv_pw`, `bn2` (timm 1.0 efficientnet.py). */
export function timmMobile({ whose, last, place, narrow, wide }: TimmMobile): Naming {
  const around = {
    conv_stem: 'features.0.0',
    bn1: 'features.0.1',
    conv_head: `${last}.0`,
    bn2: `${last}.1`,
    classifier: 'classifier.1',
  };
  return {
    whose,
    rename(name) {
      const [, stage, block, layer] = /^blocks\.(\d+)\.(\d+)\.(.+)$/.exec(name) ?? [];
      if (!layer) return renamed(name, around);
      const path = place(Number(stage), Number(block));
      return path ? `${path}.${renamed(layer, stage === '0' ? narrow : wide)}` : name;
    },
  };
}

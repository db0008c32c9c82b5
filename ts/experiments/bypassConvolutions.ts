import type { VGG } from '../models/vgg.ts';
import { BatchNorm2d } from '../nn/batchNorm2d.ts';
import { Residual } from '../nn/blocks/residual.ts';
import { Conv2d } from '../nn/conv2d.ts';
import { Identity } from '../nn/identity.ts';
import type { Module } from '../nn/module.ts';
import { MaxPool2d } from '../nn/pooling.ts';
import { sizeOf } from '../base/shape.ts';

/**
 * Takes convolutions, counted from 1, out of a VGG's way. In a plain net the layer behind them reads what the first of
 * them read; where a skip spans them F(x) becomes 0 and the shortcut remains. Plans that were compiled before do not
 * notice layers that are gone.
 *
 * @throws RangeError when a skip spans other convolutions too, or only some of these
 */
export function bypassConvolutions({ features }: VGG, first: number, last: number): void {
  const layers = features.layers as Map<string, Module>;
  let done = 0;
  for (const [name, layer] of layers) {
    const own = countConvolutions(layer instanceof Residual ? layer.body : layer);
    // A layer without weights of its own belongs to the convolution in front of it.
    const from = own > 0 ? done + 1 : done;
    done += own;
    if (done < first || from > last || layer instanceof MaxPool2d) continue;
    if (!(layer instanceof Residual)) {
      layers.set(name, new Identity());
    } else if (from === first && done === last) {
      silence(layer.body);
    } else {
      throw new RangeError(
        `bypassConvolutions: a skip spans convolutions ${from} to ${done}, not ${first} to ${last}`,
      );
    }
  }
}

const countConvolutions = (module: Module): number =>
  [...module.modules()].filter(([, part]) => part instanceof Conv2d).length;

/** Makes a branch give 0, by the weights of its last layer. */
function silence(body: Module): void {
  const layers = [...body.modules()].map(([, part]) => part);
  const last = layers.findLast((part) => part instanceof Conv2d || part instanceof BatchNorm2d);
  for (const weight of last?.parameters().values() ?? [])
    weight.write(new Float32Array(sizeOf(weight.shape)));
}

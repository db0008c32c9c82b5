import { timmMobile } from './timmMobile.ts';

/** Where each block of each stage stands among all, which torchvision counts through. */
const PLACES = [[1], [2, 3], [4, 5, 6], [7, 8, 9, 10], [11, 12, 13], [14, 15, 16], [17]];

/** timm's names of MobileNetV2. */
export const timmMobileNetV2 = timmMobile({
  whose: "timm's MobileNetV2",
  last: 'features.18',
  place(stage, block) {
    const place = PLACES[stage]?.[block];
    return place === undefined ? undefined : `features.${place}.conv`;
  },
  narrow: { conv_dw: '0.0', bn1: '0.1', conv_pw: '1', bn2: '2' },
  wide: { conv_pw: '0.0', bn1: '0.1', conv_dw: '1.0', bn2: '1.1', conv_pwl: '2', bn3: '3' },
});

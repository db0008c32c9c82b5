import { timmMobile } from './timmMobile.ts';

/** timm's names of an EfficientNet, whose stages are torchvision's. */
export const timmEfficientNet = timmMobile({
  whose: "timm's EfficientNet",
  last: 'features.8',
  place: (stage, block) => `features.${stage + 1}.${block}.block`,
  narrow: {
    conv_dw: '0.0',
    bn1: '0.1',
    'se.conv_reduce': '1.fc1',
    'se.conv_expand': '1.fc2',
    conv_pw: '2.0',
    bn2: '2.1',
  },
  wide: {
    conv_pw: '0.0',
    bn1: '0.1',
    conv_dw: '1.0',
    bn2: '1.1',
    'se.conv_reduce': '2.fc1',
    'se.conv_expand': '2.fc2',
    conv_pwl: '3.0',
    bn3: '3.1',
  },
});

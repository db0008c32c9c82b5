import { averagePool, blurPool } from '../nn/blocks/antialias.ts';
import { squeezeExcite } from '../nn/blocks/squeezeExcite.ts';
import { d, of101, of18, of34, of50, resnet } from './resnetDepths.ts';

const blur = { antialias: blurPool } as const;
const aa = { antialias: averagePool } as const;
const se = { attention: squeezeExcite } as const;

/** ResNet-18 that blurs before it leaves pixels out (Zhang 2019), 11,689,512 parameters. */
export const resnetblur18 = resnet({ ...of18, ...blur });
/** ResNet-50 that blurs before it leaves pixels out, 25,557,032 parameters. */
export const resnetblur50 = resnet({ ...of50, ...blur });
/** ResNet-50-D that blurs before it leaves pixels out, 25,576,264 parameters. */
export const resnetblur50d = resnet({ ...of50, ...d, ...blur });
/** ResNet-101-D that blurs before it leaves pixels out, 44,568,392 parameters. */
export const resnetblur101d = resnet({ ...of101, ...d, ...blur });
/** ResNet-34-D that averages where it would leave pixels out, 21,816,904 parameters. */
export const resnetaa34d = resnet({ ...of34, ...d, ...aa });
/** ResNet-50 that averages where it would leave pixels out, 25,557,032 parameters. */
export const resnetaa50 = resnet({ ...of50, ...aa });
/** ResNet-50-D that averages where it would leave pixels out, 25,576,264 parameters. */
export const resnetaa50d = resnet({ ...of50, ...d, ...aa });
/** ResNet-101-D that averages where it would leave pixels out, 44,568,392 parameters. */
export const resnetaa101d = resnet({ ...of101, ...d, ...aa });
/** ResNet-50-D with averages and squeeze-and-excite, 28,107,256 parameters. */
export const seresnetaa50d = resnet({ ...of50, ...d, ...aa, ...se });
/** ResNeXt-101-D of 32 groups of 8 channels with averages and squeeze-and-excite, 93,588,280 parameters. */
export const seresnextaa101d_32x8d = resnet({
  ...of101,
  ...d,
  ...aa,
  ...se,
  groups: 32,
  groupWidth: 8,
});

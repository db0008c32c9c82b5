import { efficientChannelAttention } from '../nn/blocks/efficientChannelAttention.ts';
import { squeezeExcite } from '../nn/blocks/squeezeExcite.ts';
import { d, of101, of152, of18, of34, of50, resnet, x32x4d } from './resnetDepths.ts';

const se = { attention: squeezeExcite } as const;
const eca = { attention: efficientChannelAttention } as const;

/** ResNet-18 with squeeze-and-excite (Hu et al. 2018), 11,779,624 parameters. */
export const seresnet18 = resnet({ ...of18, ...se });
/** ResNet-34 with squeeze-and-excite, 21,960,416 parameters. */
export const seresnet34 = resnet({ ...of34, ...se });
/** ResNet-50 with squeeze-and-excite, 28,088,024 parameters. */
export const seresnet50 = resnet({ ...of50, ...se });
/** ResNet-101 with squeeze-and-excite, 49,326,872 parameters. */
export const seresnet101 = resnet({ ...of101, ...se });
/** ResNet-152 with squeeze-and-excite, 66,821,848 parameters. */
export const seresnet152 = resnet({ ...of152, ...se });
/** ResNeXt-50 with squeeze-and-excite, 27,559,896 parameters. */
export const seresnext50_32x4d = resnet({ ...of50, ...x32x4d, ...se });
/** ResNeXt-101 with squeeze-and-excite, 48,955,416 parameters. */
export const seresnext101_32x4d = resnet({ ...of101, ...x32x4d, ...se });
/** ResNet-50-D with efficient channel attention (Wang et al. 2020), 25,576,350 parameters. */
export const ecaresnet50d = resnet({ ...of50, ...d, ...eca });
/** ResNet-101-D with efficient channel attention, 44,568,563 parameters. */
export const ecaresnet101d = resnet({ ...of101, ...d, ...eca });

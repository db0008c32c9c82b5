import { d, of101, of152, of18, of26, of34, of50, resnet, x32x4d } from './resnetDepths.ts';

/**
 * 18 weighted layers, 11,689,512 parameters.
 *
 * @example
 * import { Predictor, resnet18 } from 'residua';
 *
 * const model = resnet18({ numClasses: 5, seed: 1 });
 * const logits = await new Predictor(model).logits(new Float32Array(64 * 64 * 3), [1, 64, 64, 3]);
 * console.log(logits.length); // 5
 */
export const resnet18 = resnet(of18);
/** 26 weighted layers in bottlenecks, 15,995,176 parameters. */
export const resnet26 = resnet(of26);
/** 34 weighted layers, 21,797,672 parameters. */
export const resnet34 = resnet(of34);
/** 50 weighted layers, 25,557,032 parameters. */
export const resnet50 = resnet(of50);
/** 101 weighted layers, 44,549,160 parameters. */
export const resnet101 = resnet(of101);
/** 152 weighted layers, 60,192,808 parameters. */
export const resnet152 = resnet(of152);
/** ResNet-50 with 3×3 convolutions in 32 groups of 4 channels, 25,028,904 parameters. */
export const resnext50_32x4d = resnet({ ...of50, ...x32x4d });
/** ResNet-101 with 3×3 convolutions in 32 groups of 4 channels, 44,177,704 parameters. */
export const resnext101_32x4d = resnet({ ...of101, ...x32x4d });
/** ResNet-101 with 3×3 convolutions in 32 groups of 8 channels, 88,791,336 parameters. */
export const resnext101_32x8d = resnet({ ...of101, groups: 32, groupWidth: 8 });
/** ResNet-101 with 3×3 convolutions in 64 groups of 4 channels, 83,455,272 parameters. */
export const resnext101_64x4d = resnet({ ...of101, groups: 64, groupWidth: 4 });
/** ResNet-50 with 3×3 convolutions twice as wide, 68,883,240 parameters. */
export const wide_resnet50_2 = resnet({ ...of50, groupWidth: 128 });
/** ResNet-101 with 3×3 convolutions twice as wide, 126,886,696 parameters. */
export const wide_resnet101_2 = resnet({ ...of101, groupWidth: 128 });
/** ResNet-18 with a deep stem and averages before its projections (He et al. 2019), 11,708,744 parameters. */
export const resnet18d = resnet({ ...of18, ...d });
/** ResNet-26 with a deep stem and averages before its projections, 16,014,408 parameters. */
export const resnet26d = resnet({ ...of26, ...d });
/** ResNet-34 with a deep stem and averages before its projections, 21,816,904 parameters. */
export const resnet34d = resnet({ ...of34, ...d });
/** ResNet-50 with a deep stem and averages before its projections, 25,576,264 parameters. */
export const resnet50d = resnet({ ...of50, ...d });
/** ResNet-101 with a deep stem and averages before its projections, 44,568,392 parameters. */
export const resnet101d = resnet({ ...of101, ...d });
/** ResNet-152 with a deep stem and averages before its projections, 60,212,040 parameters. */
export const resnet152d = resnet({ ...of152, ...d });
/** ResNet-18 with activation in front. */
export const preact_resnet18 = resnet({ ...of18, preActivation: true });
/** ResNet-34 with activation in front. */
export const preact_resnet34 = resnet({ ...of34, preActivation: true });
/** ResNet-50 with activation in front. */
export const preact_resnet50 = resnet({ ...of50, preActivation: true });
/** ResNet-101 with activation in front. */
export const preact_resnet101 = resnet({ ...of101, preActivation: true });
/** ResNet-152 with activation in front. */
export const preact_resnet152 = resnet({ ...of152, preActivation: true });

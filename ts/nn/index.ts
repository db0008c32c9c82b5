export * from './activations.ts';
export { Activate } from './activate.ts';
export { BatchNorm2d, type BatchNorm2dOptions } from './batchNorm2d.ts';
export { averagePool, blurPool } from './blocks/antialias.ts';
export { BasicBlock } from './blocks/basicBlock.ts';
export {
  batchNorm2d,
  kerasBatchNorm2d,
  noNorm,
  type Activation,
  type Antialias,
  type Attention,
  type BlockOptions,
  type Gate,
  type JoinOptions,
  type Norm,
} from './blocks/blockOptions.ts';
export { Bottleneck, type BottleneckOptions } from './blocks/bottleneck.ts';
export { DenseBlock, DenseLayer, Transition, type DenseLayerOptions } from './blocks/dense.ts';
export { DenseConcat } from './blocks/denseConcat.ts';
export {
  efficientChannelAttention,
  EfficientChannelAttention,
} from './blocks/efficientChannelAttention.ts';
export { PreActBasicBlock, PreActBottleneck } from './blocks/preActivation.ts';
export { Residual } from './blocks/residual.ts';
export {
  ResidualBlock,
  ResidualBlock as ResidualJoin,
  type Branches,
  type Gates,
} from './blocks/residualBlock.ts';
export { shortcut, type ShortcutKind } from './blocks/shortcut.ts';
export { squeezeExcite, SqueezeExcite, type SqueezeExciteOptions } from './blocks/squeezeExcite.ts';
export { SubsamplePad } from './blocks/subsamplePad.ts';
export { BlurPool2d } from './blurPool2d.ts';
export { Conv2d, type Conv2dOptions } from './conv2d.ts';
export { ConvTranspose2d, type ConvTranspose2dOptions } from './convTranspose2d.ts';
export { DepthwiseConv2d, type DepthwiseConv2dOptions } from './depthwiseConv2d.ts';
export { Dropout } from './dropout.ts';
export { Flatten } from './flatten.ts';
export { GroupNorm, type GroupNormLayerOptions } from './groupNorm.ts';
export { Identity } from './identity.ts';
export { withoutInitialWeights } from './initialize.ts';
export { InstanceNorm2d, type InstanceNorm2dOptions } from './instanceNorm2d.ts';
export { LayerNorm, type LayerNormLayerOptions } from './layerNorm.ts';
export { Linear, type LinearOptions } from './linear.ts';
export { LocalResponseNorm } from './localResponseNorm.ts';
export { Module, type LoadOptions, type LoadReport } from './module.ts';
export {
  ConstantPad2d,
  ReflectionPad2d,
  ReplicationPad2d,
  ZeroPad2d,
  type ImagePadding,
} from './padding.ts';
export { PixelShuffle, PixelUnshuffle } from './pixelShuffle.ts';
export * from './pooling.ts';
export { ReLU } from './relu.ts';
export { manualSeed } from './seed.ts';
export { Sequential } from './sequential.ts';
export { through, type Step } from './through.ts';
export { Upsample } from './upsample.ts';

import type { Norm } from '../nn/blocks/blockOptions.ts';
import { GroupNorm } from '../nn/groupNorm.ts';
import { of50, resnet } from './resnetDepths.ts';

/** Group normalisation of 32 groups (Wu and He 2018). */
const groupNorm32: Norm = (channels) => new GroupNorm(32, channels);

/** ResNet-50 with group normalisation in the place of batch norm, 25,557,032 parameters. */
export const resnet50_gn = resnet({ ...of50, norm: groupNorm32 });

import { ResNet, type ResNetOptions, type ResNetRecipe } from './resnet.ts';

/** Makes networks of a recipe. */
export const resnet =
  (recipe: ResNetRecipe) =>
  (options?: ResNetOptions): ResNet =>
    new ResNet(recipe, options);
/** Blocks of the networks of 18, 26, 34, 50, 101 and 152 layers (He et al. 2015, table 1; timm). */
export const of18 = { blocks: [2, 2, 2, 2], expansion: 1 } as const;
export const of34 = { blocks: [3, 4, 6, 3], expansion: 1 } as const;
export const of26 = { blocks: [2, 2, 2, 2], expansion: 4 } as const;
export const of50 = { blocks: [3, 4, 6, 3], expansion: 4 } as const;
export const of101 = { blocks: [3, 4, 23, 3], expansion: 4 } as const;
export const of152 = { blocks: [3, 8, 36, 3], expansion: 4 } as const;
/** 32 groups of 4 channels (Xie et al. 2017). */
export const x32x4d = { groups: 32, groupWidth: 4 } as const;
/** ResNet-D: a deep stem, and averages before projections (He et al. 2019). */
export const d = { deepStem: true, shortcuts: 'D' } as const;

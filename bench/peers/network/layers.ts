/** Height first, then width. */
type Pair = readonly [number, number];
/** Clockwise from the top. */
type Sides = readonly [number, number, number, number];

/** What every layer has: the values it reads and the one it writes, by name. */
interface Common {
  readonly inputs: readonly string[];
  readonly output: string;
  /** Shape of the output in this project's layout: `[N, H, W, C]` or `[N, F]`. */
  readonly shape: readonly number[];
  /** Whether the result goes through max(·, 0). */
  readonly relu: boolean;
}

/** A convolution; the weight is `[KH, KW, C / groups, O]`. */
export interface ConvLayer extends Common {
  readonly kind: 'conv2d';
  readonly weight: string;
  readonly bias?: string;
  readonly stride: Pair;
  readonly padding: Sides;
  readonly dilation: Pair;
  readonly groups: number;
}

/** Batch norm: in inference by its statistics, in training by the batch's. */
export interface BatchNormLayer extends Common {
  readonly kind: 'batchNorm';
  readonly gamma: string;
  readonly beta: string;
  readonly mean: string;
  readonly variance: string;
  readonly eps: number;
  readonly momentum: number;
  readonly training: boolean;
}

/** Largest or mean value of a window. */
export interface PoolLayer extends Common {
  readonly kind: 'maxPool2d' | 'avgPool2d';
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Sides;
}

/** `[N, in]` → `[N, out]`; the weight is `[in, out]`. */
export interface LinearLayer extends Common {
  readonly kind: 'linear';
  readonly weight: string;
  readonly bias?: string;
  /** `[H, W, C]` of the image that the input was flattened from, where it had more than one pixel. */
  readonly flattened?: readonly number[];
}

/** Shortcut A: every `stride`-th pixel, zeros in the channels before and after. */
export interface SubsamplePadLayer extends Common {
  readonly kind: 'subsamplePad';
  readonly stride: number;
  readonly before: number;
  readonly after: number;
}

/** Layer norm over the channels. */
export interface LayerNormLayer extends Common {
  readonly kind: 'layerNorm';
  readonly gamma: string;
  readonly beta: string;
  readonly eps: number;
}

/** A product with what is of the same shape, one value a channel and image `[N, 1, 1, C]`, or one a channel: the weight `factor`. */
export interface MultiplyLayer extends Common {
  readonly kind: 'multiply';
  readonly factor?: string;
}

/** Layers that compute element by element. */
export interface ElementLayer extends Common {
  readonly kind: 'add' | 'relu' | CurveKind;
}

/** Functions of one value. */
export type CurveKind = 'relu6' | 'silu' | 'gelu' | 'sigmoid';

/** Layers that gather or arrange. `reshape` makes an image of no more than one row or column, `resize` takes the nearest pixel. */
export interface ArrangeLayer extends Common {
  readonly kind: 'concat' | 'globalAvgPool2d' | 'flatten' | 'reshape' | 'resize';
}

/** One step of a network in terms that every runtime has. */
export type Layer =
  | ConvLayer
  | BatchNormLayer
  | PoolLayer
  | LinearLayer
  | SubsamplePadLayer
  | LayerNormLayer
  | MultiplyLayer
  | ElementLayer
  | ArrangeLayer;

/** What tells a layer from others of its place. */
export type LayerSettings = Layer extends infer L
  ? L extends Layer
    ? Omit<L, keyof Common>
    : never
  : never;

/** A tensor by itself. */
export interface Weight {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A network as a list of layers, each reading what earlier ones wrote. */
export interface Network {
  readonly name: string;
  /** `[N, H, W, C]`. */
  readonly inputShape: readonly number[];
  /** Name of the value that the images are. */
  readonly input: string;
  /** Name of the value that the logits are. */
  readonly output: string;
  readonly layers: readonly Layer[];
  readonly weights: ReadonlyMap<string, Weight>;
  /** Names of the weights that training moves. */
  readonly parameters: readonly string[];
}

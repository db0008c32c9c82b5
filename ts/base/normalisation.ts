/** Mean and standard deviation of `pixel / 255` by channel. */
export interface Normalisation {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** What the bench asks of a peer's process: one JSON line on its standard input. */
export type Request =
  { readonly kind: 'visit'; readonly visitMs: number } | { readonly kind: 'memory' };

/** What a process answers: one JSON line on file descriptor 3. */
export type Reply =
  /** Sent once, right after the first result. */
  | { readonly kind: 'first' }
  /**
   * Sent once. `deviation` is that of the logits, in units of the largest; `losses` are those of the first steps. `phases` are the
   * milliseconds of what this project's process did before its first run, of `firstRunMs`. `simd` is the width of its
   * build, `runtime` the Node that it runs in, `version` what its runtime says of itself.
   */
  | {
      readonly kind: 'ready';
      readonly facts: string;
      readonly firstRunMs: number;
      readonly phases?: Readonly<Record<string, number>>;
      readonly simd?: 128 | 256;
      readonly runtime?: string;
      readonly version?: string;
      readonly deviation: number;
      readonly losses: readonly number[];
    }
  /** Milliseconds of every run of a visit. */
  | { readonly kind: 'visited'; readonly ms: readonly number[] }
  /** The most memory that the process has held so far. */
  | { readonly kind: 'memory'; readonly peakBytes: number }
  /** It cannot run; the process ends. */
  | { readonly kind: 'failed'; readonly reason: string };

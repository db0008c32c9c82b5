/** One peer on one workload. Times are of rounds' medians, in milliseconds. */
export interface PeerRow {
  readonly workload: string;
  readonly pass: 'infer' | 'train';
  readonly model: string;
  readonly size: number;
  readonly batch: number;
  readonly threads: number;
  readonly peer: string;
  /** Bits of the vectors that its WASM may use: of our build, of other processes by V8's flag. Absent for native code. */
  readonly simd?: 128 | 256;
  /** Release, or commit. */
  readonly version?: string;
  /** What its process runs in: `node 26.10.0`. */
  readonly runtime?: string;
  /** Whether it is another checkout of this project, which its version names. */
  readonly checkout?: boolean;
  /** The interpreter of a peer in Python. */
  readonly python?: string;
  /** Version, and what was chosen where there was a choice. */
  readonly facts?: string;
  readonly medianMs?: number;
  readonly minMs?: number;
  readonly maxMs?: number;
  readonly rounds?: readonly number[];
  /** Its time by ours, the median over rounds: above 1 where we are faster. Absent for ourselves. */
  readonly ratio?: number;
  /** The width of ours that the ratio is to. */
  readonly oursSimd?: 128 | 256;
  readonly minRatio?: number;
  readonly maxRatio?: number;
  readonly gflops?: number;
  readonly peakBytes?: number;
  /** From the start of the process to the first result. */
  readonly firstMs?: number;
  /** Largest difference of the logits, in units of the largest; or of the first losses, relative. */
  readonly deviation?: number;
  /** Share of a core that its process used while others were measured. */
  readonly idleShare?: number;
  /** Cores that it used while it was measured. */
  readonly cores?: number;
  /** The fastest of several rows of one runtime. */
  readonly best?: boolean;
  /** Why there are no times. */
  readonly reason?: string;
}

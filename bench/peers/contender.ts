import type { Simd } from '../simd.ts';
import { AGAIN, OLD, OURS, type Peer } from './peers.ts';

/** A process that takes part in a comparison. */
export interface Contender {
  readonly peer: Peer;
  /** Width that WASM may use in it; absent for native code. */
  readonly simd?: Simd;
  /** The Python that runs it. */
  readonly python?: string;
  /** The checkout whose code it runs, where that is another one. */
  readonly checkout?: Checkout;
}

/** Another checkout of this project, ready to be compared with. */
export interface Checkout {
  /** What its line says of it: its commit, or its folder. */
  readonly version: string;
  /** The script that serves it. */
  readonly program: string;
  /** Whether it has builds whose vectors are pairs. */
  readonly wide: boolean;
}

/** What takes part. */
export interface Field {
  readonly peers: readonly Peer[];
  /** Widths at which we and every peer on WASM run side by side. */
  readonly simds: readonly Simd[];
  /** Interpreters of the peers in Python. */
  readonly pythons: readonly string[];
  readonly checkouts: readonly Checkout[];
  /** Whether we run a second time. */
  readonly noise: boolean;
}

/** The widest of some widths; what the engine has, where that is asked for. */
function widest(simds: readonly Simd[]): Simd {
  return simds.find((simd) => simd === 'auto') ?? (simds.includes(256) ? 256 : 128);
}

/**
 * The processes of a comparison, ours first. A checkout from before there were two widths runs as it did then, on vectors
 * of 128 bits.
 */
export function contendersOf({ peers, simds, pythons, checkouts, noise }: Field): Contender[] {
  const atEach = (peer: Peer): Contender[] => simds.map((simd) => ({ peer, simd }));
  return [
    ...atEach(OURS),
    ...(noise ? [{ peer: AGAIN, simd: widest(simds) }] : []),
    ...checkouts.flatMap((checkout): Contender[] => {
      const own: readonly Simd[] = checkout.wide ? simds : [128];
      return own.map((simd) => ({ peer: OLD, simd, checkout }));
    }),
    ...peers.flatMap((peer): Contender[] => {
      if (peer.wasm) return atEach(peer);
      if (peer.language === 'node') return [{ peer }];
      return pythons.map((python) => ({ peer, python }));
    }),
  ];
}

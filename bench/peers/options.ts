import { existsSync } from 'node:fs';
import { sep } from 'node:path';
import { parseArgs } from 'node:util';
import { modelName } from '../../ts/models/modelName.ts';
import { parseSimds, type Simd } from '../simd.ts';
import { findCheckout, type CheckoutFolder } from './findCheckout.ts';
import { isImageModel } from './network/createModel.ts';
import { findPeers, PEERS, type Peer } from './peers.ts';
import { suites } from './suites.ts';
import type { Workload } from './workload.ts';

/** What was asked for. */
export interface Options {
  readonly workloads: readonly Workload[];
  readonly peers: readonly Peer[];
  /** Widths of vectors at which we and every peer on WASM run. */
  readonly simds: readonly Simd[];
  /** Interpreters for the peers in Python; where none is named, the first that has PyTorch. */
  readonly pythons: readonly string[];
  /** Other checkouts of this project that take part. */
  readonly checkouts: readonly CheckoutFolder[];
  /** Whether we take part twice. */
  readonly noise: boolean;
  readonly rounds: number;
  readonly visitMs: number;
  readonly json: boolean;
  /** File that gets the rows as JSON after every workload. */
  readonly save?: string;
  /** Of the code that writes the files; those with another are written again. */
  readonly stamp: string;
  /** Only write the files that peers read. */
  readonly prepareOnly: boolean;
}

/** What `--vs` names where no other runtime is wanted. */
const NONE = 'none';

/**
 * `<infer|train> [--model M] [--size S] [--batch B] [--threads 1,2] [--numerics fast] [--simd 128,256] [--vs a,b]
 * [--python P]… [--old DIR]… [--noise] [--rounds 7] [--json]`; without a model, the whole table of the pass, or what
 * `--only m,n` names of it; `--vs none` without other runtimes. `--save` writes the rows to a file.
 *
 * @throws {RangeError} for what does not exist
 */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      model: { type: 'string' },
      size: { type: 'string', default: '224' },
      channels: { type: 'string', default: '3' },
      batch: { type: 'string' },
      threads: { type: 'string', default: '1' },
      numerics: { type: 'string', default: 'fast' },
      simd: { type: 'string', default: 'auto' },
      vs: { type: 'string' },
      python: { type: 'string', multiple: true, default: [] },
      old: { type: 'string', multiple: true, default: [] },
      noise: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '7' },
      visit: { type: 'string', default: '250' },
      only: { type: 'string' },
      save: { type: 'string' },
      stamp: { type: 'string', default: '' },
      json: { type: 'boolean', default: false },
      prepare: { type: 'boolean', default: false },
    },
  });
  const [pass = ''] = positionals;
  if (pass !== 'infer' && pass !== 'train') {
    throw new RangeError(`bench: the pass is "${pass}" but must be infer or train`);
  }
  const { numerics } = values;
  if (numerics !== 'fast' && numerics !== 'strict') {
    throw new RangeError(`bench: --numerics is "${numerics}" but must be fast or strict`);
  }
  const peers =
    values.vs === NONE
      ? []
      : values.vs
        ? findPeers(values.vs, pass)
        : PEERS.filter(({ passes, onlyNamed }) => passes.includes(pass) && !onlyNamed);
  const threads = values.threads.split(',').map((text) => whole('threads', text));
  const size = whole('size', values.size);
  const channels = whole('channels', values.channels);
  const batch = whole('batch', values.batch ?? (pass === 'train' ? '128' : '1'));
  const chosen = values.model === undefined ? undefined : knownModel(values.model);
  const only = values.only?.split(',').map(knownModel);
  const isWanted = ({ model }: Workload): boolean => only?.includes(model) ?? true;
  if (pass === 'train' && chosen !== undefined && isImageModel(chosen))
    throw new RangeError(`bench: ${chosen} is not trained here: its outputs are images`);
  return {
    workloads: threads.flatMap((count) =>
      chosen === undefined
        ? suites[pass](count, numerics).filter(isWanted)
        : [{ pass, model: chosen, size, channels, batch, threads: count, numerics }],
    ),
    peers,
    simds: parseSimds(values.simd),
    pythons: values.python.map(knownPython),
    checkouts: values.old.map(findCheckout),
    noise: values.noise,
    rounds: whole('rounds', values.rounds),
    visitMs: whole('visit', values.visit),
    json: values.json,
    ...(values.save !== undefined && { save: values.save }),
    stamp: values.stamp,
    prepareOnly: values.prepare,
  };
}

/** A name on PATH is left to the system, whose words then stand in the row. */
function knownPython(path: string): string {
  if (!path.includes(sep) || existsSync(path)) return path;
  throw new RangeError(`bench: --python is "${path}" but there is no such file`);
}

function knownModel(written: string): string {
  if (isImageModel(written)) return written;
  const name = modelName(written);
  if (name === undefined) throw new RangeError(`bench: there is no model "${written}"`);
  return name;
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new RangeError(`bench: --${name} is "${text}" but must be a whole number of at least 1`);
}

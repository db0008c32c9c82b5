import { existsSync } from 'node:fs';
import { appendFile, readFile, truncate } from 'node:fs/promises';
import {
  literal,
  looseObject,
  nullable,
  number,
  optional,
  pipe,
  record,
  string,
  transform,
  variant,
  type GenericSchema,
} from 'valibot';
import { fileError } from '../../io/node/fileError.ts';
import { writeAtomic } from '../../io/node/writeAtomic.ts';
import { checkJson, parseJson } from '../../io/readJson.ts';
import { numberFrom, wholeNumber } from '../../io/schemas.ts';
import type { Evaluation } from '../metrics.ts';

/** A line about a training step. */
export interface StepRecord {
  readonly kind: 'step';
  /** Steps done, this one included. */
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly learningRate: number;
  /** Milliseconds of the step, without the time to make the batch. */
  readonly milliseconds: number;
  /** Norm of each weight's gradient, in the order of the network; only every so many steps. */
  readonly gradientNorms?: Readonly<Record<string, number>>;
}

/** A line about an epoch: means over its training steps, and the test set. */
export interface EpochRecord {
  readonly kind: 'epoch';
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly test?: Evaluation;
  /** Seconds of training since the start of the run. */
  readonly trainSeconds: number;
}

export type MetricsRecord = StepRecord | EpochRecord;

const FLUSH_EVERY_MS = 1000;

/** metrics.jsonl: a line a record, written whole lines at a time. */
export class MetricsLog {
  readonly records: MetricsRecord[] = [];
  readonly #path: string;
  #bytes = 0;
  #waiting = '';
  #flushedAt = performance.now();

  constructor(path: string) {
    this.#path = path;
  }

  /** The log of a run that goes on after `step` steps; later lines are dropped from the file. */
  static async resume(path: string, step: number): Promise<MetricsLog> {
    const log = new MetricsLog(path);
    if (existsSync(path))
      log.records.push(...(await readRecords(path)).filter((r) => r.step <= step));
    await log.#rewrite();
    return log;
  }

  async #rewrite(): Promise<void> {
    const text = this.records.map(lineOf).join('');
    await writeAtomic(this.#path, text);
    this.#bytes = Buffer.byteLength(text);
  }

  /** Notes a record; it reaches the file within a second or so, or at {@link MetricsLog.flush}. */
  async add(record: MetricsRecord): Promise<void> {
    this.records.push(record);
    this.#waiting += lineOf(record);
    if (performance.now() - this.#flushedAt > FLUSH_EVERY_MS) await this.flush();
  }

  /** Notes a record in the place of the one of its kind and step, or after all where there is none. */
  async replace(record: MetricsRecord): Promise<void> {
    const at = this.records.findIndex(
      ({ kind, step }) => kind === record.kind && step === record.step,
    );
    if (at < 0) return this.add(record);
    this.records[at] = record;
    this.#waiting = '';
    await this.#rewrite();
  }

  /**
   * Writes what waits.
   *
   * @throws {Error} naming the file and the cause; no half line stays in it
   */
  async flush(): Promise<void> {
    const text = this.#waiting;
    this.#waiting = '';
    this.#flushedAt = performance.now();
    if (text === '') return;
    try {
      await appendFile(this.#path, text);
      this.#bytes += Buffer.byteLength(text);
    } catch (error) {
      await truncate(this.#path, this.#bytes).catch(() => undefined);
      throw fileError(this.#path, 'write', error);
    }
  }
}

const lineOf = (record: MetricsRecord): string => `${JSON.stringify(record)}\n`;

/**
 * Records of a metrics.jsonl; a last line that was cut off is left out.
 *
 * @throws {FormatError} naming the line that is none, and what of it
 */
export async function readRecords(path: string): Promise<MetricsRecord[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw fileError(path, 'read', error);
  }
  const lines = text.split('\n').slice(0, -1);
  const place = (index: number): string => `${path}: line ${index + 1}`;
  const values = lines.map((line, index) => parseJson(line, place(index)));
  const schema = recordSchema();
  return values.map((value, index) => checkJson(schema, value, place(index)));
}

/** Numbers may be null, as JSON has no NaN. */
const measured = () =>
  pipe(
    nullable(number()),
    transform((value) => value ?? NaN),
  );

const recordSchema = (): GenericSchema<unknown, MetricsRecord> => {
  const common = {
    step: wholeNumber(0),
    epoch: wholeNumber(0),
    loss: measured(),
    accuracy: measured(),
  };
  return variant('kind', [
    looseObject({
      kind: literal('step'),
      ...common,
      learningRate: measured(),
      milliseconds: measured(),
      gradientNorms: optional(record(string(), measured())),
    }),
    looseObject({
      kind: literal('epoch'),
      ...common,
      test: optional(
        looseObject({ loss: measured(), accuracy: measured(), images: wholeNumber(0) }),
      ),
      trainSeconds: numberFrom(0),
    }),
  ]);
};

import { existsSync } from 'node:fs';
import { appendFile, readFile, truncate } from 'node:fs/promises';
import { FormatError } from '../../errors.ts';
import { fileError } from '../../io/node/fileError.ts';
import { writeAtomic } from '../../io/node/writeAtomic.ts';
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
    const text = log.records.map(lineOf).join('');
    await writeAtomic(path, text);
    log.#bytes = Buffer.byteLength(text);
    return log;
  }

  /** Notes a record; it reaches the file within a second or so, or at {@link MetricsLog.flush}. */
  async add(record: MetricsRecord): Promise<void> {
    this.records.push(record);
    this.#waiting += lineOf(record);
    if (performance.now() - this.#flushedAt > FLUSH_EVERY_MS) await this.flush();
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
 * @throws {FormatError} naming the line that is none
 */
export async function readRecords(path: string): Promise<MetricsRecord[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw fileError(path, 'read', error);
  }
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line, index) => {
    try {
      return JSON.parse(line) as MetricsRecord;
    } catch (cause) {
      throw new FormatError(`${path}: line ${index + 1}: is not JSON`, { cause });
    }
  });
}

import { getDotPath, safeParse, type GenericSchema } from 'valibot';
import { FormatError } from '../base/errors.ts';
import { show } from './safetensors/json.ts';

/**
 * JSON text as a schema describes it.
 *
 * @param place what errors call it
 * @throws {FormatError} for text that is not JSON, or naming the first value that is not what it must be
 */
export function readJson<T>(schema: GenericSchema<unknown, T>, text: string, place: string): T {
  return checkJson(schema, parseJson(text, place), place);
}

/**
 * The value of a JSON text, of any kind.
 *
 * @throws {FormatError} for text that is not JSON
 */
export function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FormatError(`${place}: is not JSON`, { cause });
  }
}

/**
 * A value that came from JSON, as a schema describes it.
 *
 * @throws {FormatError} naming the first value that is not what it must be
 */
export function checkJson<T>(schema: GenericSchema<unknown, T>, value: unknown, place: string): T {
  const { success, output, issues } = safeParse(schema, value, { abortEarly: true });
  if (success) return output;
  const [{ expected, message, input, kind }] = issues;
  const path = getDotPath(issues[0]);
  const where = path === null ? place : `${place}: ${path}`;
  if (input === undefined) throw new FormatError(`${where}: is missing`);
  const wanted = kind === 'schema' && expected !== 'unknown' ? expected : message;
  throw new FormatError(`${where}: is ${show(input)} but must be ${wanted}`);
}

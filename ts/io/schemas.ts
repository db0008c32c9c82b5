import {
  custom,
  finite,
  integer,
  maxValue,
  minValue,
  number,
  pipe,
  regex,
  safeInteger,
  string,
} from 'valibot';
import { isObject } from './safetensors/json.ts';

/** Whole numbers of at least `least`. */
export const wholeNumber = (least: number) =>
  pipe(
    number(),
    integer('a whole number'),
    safeInteger('a whole number below 2^53'),
    minValue(least, `at least ${least}`),
  );

/** Finite numbers of at least `least` and at most `most`. */
export const numberFrom = (least: number, most = Infinity) =>
  pipe(
    number(),
    finite('finite'),
    minValue(least, `at least ${least}`),
    maxValue(most, `at most ${most}`),
  );

/** Text without control characters, which could steer a terminal that it is shown on. */
export const plainText = () =>
  pipe(string(), regex(/^\P{Cc}*$/u, 'text without control characters'));

/** An object and no list, which valibot's own take for one; first of a pipe. */
export const someObject = () => custom<Record<string, unknown>>(isObject, 'an object');

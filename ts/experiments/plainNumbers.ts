const DIGITS = 4;

/** The same data with its numbers cut to four significant digits, so that they can be read and kept. */
export function plainNumbers<T>(data: T): T {
  const text = JSON.stringify(data, (_, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value)
      ? Number(value.toPrecision(DIGITS))
      : value,
  );
  return JSON.parse(text) as T;
}

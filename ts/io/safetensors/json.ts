/** A value of a header as errors show it: one short line, however long or nested it is. */
export function show(value: unknown): string {
  if (value === undefined) return 'missing';
  if (Array.isArray(value)) {
    const first = value.slice(0, 8).map((item) => (Array.isArray(item) ? 'a list' : show(item)));
    return `[${first.join(', ')}${value.length > 8 ? ', …' : ''}]`;
  }
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value);
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

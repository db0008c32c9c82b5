import { shown } from '../base/settings.ts';

/** Throws RangeError unless a setting is a number; infinities are. */
export function expectReal(place: string, name: string, value: number): void {
  if (typeof value === 'number' && !Number.isNaN(value)) return;
  throw new RangeError(`${place}: ${name} is ${shown(value)} but must be a number`);
}

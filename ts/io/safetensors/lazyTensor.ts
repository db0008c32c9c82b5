import type { SafetensorsTensor } from './storage.ts';
import type { StoredValues } from './storedValues.ts';

const origins = new WeakMap<SafetensorsTensor, StoredValues>();

/** A tensor of a file whose `data` is read when somebody asks for it, and then stays. */
export function lazyTensor(values: StoredValues): SafetensorsTensor {
  const { dtype, shape } = values.entry;
  const tensor = {
    dtype,
    shape,
    get data(): SafetensorsTensor['data'] {
      const data = values.all();
      Object.defineProperty(tensor, 'data', { value: data, writable: true });
      origins.delete(tensor);
      return data;
    },
  } as SafetensorsTensor;
  origins.set(tensor, values);
  return tensor;
}

/** Where a tensor's values lie in a file, unless its `data` has been asked for: that may have been changed since. */
export const originOf = (tensor: SafetensorsTensor): StoredValues | undefined =>
  origins.get(tensor);

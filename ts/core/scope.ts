import type { Tensor } from './tensor.ts';

/** Tensors made since each open scope began, innermost last. */
const scopes: Set<Tensor>[] = [];
const home = new WeakMap<Tensor, Set<Tensor>>();

/** Puts a new tensor under the care of the innermost scope. */
export function enterScope(tensor: Tensor): void {
  const scope = scopes.at(-1);
  if (!scope) return;
  scope.add(tensor);
  home.set(tensor, scope);
}

/** Takes a disposed tensor out of its scope. */
export function leaveScope(tensor: Tensor): void {
  home.get(tensor)?.delete(tensor);
  home.delete(tensor);
}

function forEachTensor(result: unknown, visit: (tensor: Tensor) => void): void {
  if (result === null || typeof result !== 'object') return;
  if ('dispose' in result && 'shape' in result) visit(result as Tensor);
  else if (Array.isArray(result) || result instanceof Set)
    for (const item of result) forEachTensor(item, visit);
  else if (result instanceof Map) for (const item of result.values()) forEachTensor(item, visit);
  else if (Object.getPrototypeOf(result) === Object.prototype) {
    for (const item of Object.values(result)) forEachTensor(item, visit);
  }
}

function close(scope: Set<Tensor>, result: unknown): void {
  scopes.splice(scopes.lastIndexOf(scope), 1);
  forEachTensor(result, (tensor) => {
    if (!scope.has(tensor)) return;
    leaveScope(tensor);
    enterScope(tensor);
  });
  for (const tensor of [...scope]) tensor.dispose();
}

/**
 * Runs `fn` and frees every tensor made meanwhile, except those in its result (a tensor, or an array, map, set or plain
 * object of tensors). `fn` may be async: the scope then lasts until its promise settles, awaits included. Parameters
 * of layers are not touched. Scopes nest; two async scopes must not run side by side.
 *
 * @example
 * import { relu, scope, tensor } from 'residua';
 *
 * const values = scope(() => relu(tensor([-1, 2], [1, 2])).data()); // both tensors are freed
 * console.log(values);
 */
export function scope<T>(fn: () => T): T {
  const own = new Set<Tensor>();
  scopes.push(own);
  let result: T;
  try {
    result = fn();
  } catch (error) {
    close(own, undefined);
    throw error;
  }
  if (result instanceof Promise) {
    return result.then(
      (value: unknown) => {
        close(own, value);
        return value;
      },
      (error: unknown) => {
        close(own, undefined);
        throw error;
      },
    ) as T;
  }
  close(own, result);
  return result;
}

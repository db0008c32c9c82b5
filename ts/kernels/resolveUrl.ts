import { nodeModule } from './node.ts';

/** A scheme, which a drive of Windows is not. */
const SCHEME = /^[a-z][a-z\d+.-]+:/i;

/**
 * A URL as people mean it: relative to the page, or in a program of Node, Deno or Bun a path, relative to the working directory.
 *
 * @throws TypeError when it is neither
 */
export function resolveUrl(location: URL | string): URL {
  if (typeof location !== 'string' || SCHEME.test(location)) return new URL(location);
  const page = globalThis.document?.baseURI ?? globalThis.location?.href;
  const node = nodeModule<typeof import('node:url')>('node:url');
  if (node && !page?.startsWith('file:')) return node.pathToFileURL(location);
  // A worker made of a blob has no place of its own.
  return new URL(location, page?.startsWith('blob:') ? globalThis.origin : page);
}

import { nodeModule } from './node.ts';

/** A scheme, which a drive of Windows is not. */
const SCHEME = /^[a-z][a-z\d+.-]+:/i;

/**
 * A URL as people mean it: relative to the page, or in a program of Node, Deno or Bun a path, relative to the working directory.
 *
 * @throws TypeError when it is neither
 */
export function resolveUrl(location: URL | string): URL {
  // A bundler may give text as if it were a URL.
  const text = String(location);
  if (SCHEME.test(text)) return new URL(text);
  const page = globalThis.document?.baseURI ?? globalThis.location?.href;
  const node = nodeModule<typeof import('node:url')>('node:url');
  if (node && !page?.startsWith('file:')) return node.pathToFileURL(text);
  // A worker made of a blob has no place of its own.
  return new URL(text, page?.startsWith('blob:') ? globalThis.origin : page);
}

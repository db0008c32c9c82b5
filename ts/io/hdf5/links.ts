import { NOWHERE, type Hdf5Bytes } from './bytes.ts';
import { denseLinks } from './denseLinks.ts';
import { MESSAGE, type Message } from './messages.ts';

const ENTRY_BYTES = 40;
/** Deeper trees would hold more than a file can. */
const MOST_LEVELS = 16;

/** Addresses of a group's members by name; links to other paths or files are left out. */
export function readLinks(
  bytes: Hdf5Bytes,
  messages: readonly Message[],
): ReadonlyMap<string, number> {
  const links = new Map<string, number>();
  for (const { type, at } of messages) {
    if (type === MESSAGE.symbolTable) {
      const heap = localHeap(bytes, bytes.u64(at + 8));
      for (const node of leaves(bytes, bytes.u64(at))) symbols(bytes, node, heap, links);
    } else if (type === MESSAGE.link) {
      link(bytes, at, links);
    } else if (type === MESSAGE.linkInfo) {
      const heapAt = at + 2 + (bytes.u8(at + 1) & 1 ? 8 : 0);
      const heap = bytes.u64(heapAt);
      if (heap === NOWHERE) continue;
      for (const linkAt of denseLinks(bytes, heap, bytes.u64(heapAt + 8))) {
        link(bytes, linkAt, links);
      }
    }
  }
  return links;
}

interface LocalHeap {
  readonly begin: number;
  readonly size: number;
}

function localHeap(bytes: Hdf5Bytes, address: number): LocalHeap {
  bytes.spend();
  bytes.expect('HEAP', address);
  const heap = { begin: bytes.u64(address + 24), size: bytes.u64(address + 8) };
  bytes.slice(heap.begin, heap.size);
  return heap;
}

/** Addresses of the symbol tables of a tree. */
function* leaves(bytes: Hdf5Bytes, address: number, above = MOST_LEVELS): Generator<number> {
  const { level, children } = treeNode(bytes, address, 0, above, 8);
  for (const { child } of children) {
    if (level === 0) yield child;
    else yield* leaves(bytes, child, level);
  }
}

/** A node of a version 1 B-tree: where its keys are, and its children. */
export interface TreeNode {
  readonly level: number;
  readonly children: readonly { readonly keyAt: number; readonly child: number }[];
}

/** Reads a node whose level must be below `above`. */
export function treeNode(
  bytes: Hdf5Bytes,
  address: number,
  kind: 0 | 1,
  above: number,
  keyBytes: number,
): TreeNode {
  bytes.spend();
  bytes.expect('TREE', address);
  const level = bytes.u8(address + 5);
  if (bytes.u8(address + 4) !== kind || level >= above) {
    bytes.fail(`the tree at ${address} is of kind ${bytes.u8(address + 4)} and level ${level}`);
  }
  const count = bytes.u16(address + 6);
  bytes.spend(count);
  const children = Array.from({ length: count }, (_, index) => {
    const keyAt = address + 24 + index * (keyBytes + 8);
    return { keyAt, child: bytes.u64(keyAt + keyBytes) };
  });
  return { level, children };
}

function symbols(
  bytes: Hdf5Bytes,
  address: number,
  heap: LocalHeap,
  links: Map<string, number>,
): void {
  bytes.expect('SNOD', address);
  const count = bytes.u16(address + 6);
  bytes.spend(count);
  for (let index = 0; index < count; index++) {
    const at = address + 8 + index * ENTRY_BYTES;
    const isSoft = bytes.u32(at + 16) === 2;
    const offset = bytes.u64(at);
    if (offset < 0 || offset >= heap.size) bytes.fail(`a name lies outside of its heap at ${at}`);
    const name = bytes.text(heap.begin + offset, Math.min(heap.size - offset, 4096));
    if (!isSoft) links.set(name, bytes.u64(at + 8));
  }
}

function link(bytes: Hdf5Bytes, at: number, links: Map<string, number>): void {
  const flags = bytes.u8(at + 1);
  let next = at + 2;
  const type = flags & 8 ? bytes.u8(next++) : 0;
  if (flags & 4) next += 8;
  if (flags & 16) next += 1;
  const sizeBytes = 1 << (flags & 3);
  const size = bytes.uint(next, sizeBytes);
  next += sizeBytes;
  const name = bytes.text(next, size);
  if (type === 0) links.set(name, bytes.u64(next + size));
}

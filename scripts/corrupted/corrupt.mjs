/** Values at which programs count wrong. */
const WORDS = [
  0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
];
const TEXTS = [
  '0',
  '-1',
  '1e9',
  '1e400',
  '4294967295',
  'null',
  '[]',
  '{}',
  '""',
  'true',
  '"\\u0000"',
];

const position = (random, bytes) => random.below(bytes.length + 1);
const splice = (bytes, at, removed, added = new Uint8Array()) => {
  const whole = new Uint8Array(bytes.length - removed + added.length);
  whole.set(bytes.subarray(0, at));
  whole.set(added, at);
  whole.set(bytes.subarray(at + removed), at + added.length);
  return whole;
};

/** What may happen to a file: each gives other bytes, of about the same length. */
const CHANGES = [
  function flipBit(random, bytes) {
    const changed = Uint8Array.from(bytes);
    changed[random.below(bytes.length)] ^= 1 << random.below(8);
    return changed;
  },
  function setByte(random, bytes) {
    const changed = Uint8Array.from(bytes);
    changed[random.below(bytes.length)] = random.of([0, 1, 0x7f, 0x80, 0xff, random.below(256)]);
    return changed;
  },
  function setWord(random, bytes) {
    const changed = Uint8Array.from(bytes);
    const size = random.of([2, 4, 8]);
    if (bytes.length < size) return changed;
    const view = new DataView(changed.buffer);
    const at = random.below(bytes.length - size + 1);
    const [word, little] = [random.of(WORDS), random.below(2) === 0];
    if (size === 2) view.setUint16(at, word & 0xffff, little);
    else view.setUint32(at, word, little);
    if (size === 8) view.setUint32(at + 4, random.of([0, 0, word]), little);
    return changed;
  },
  function cutOff(random, bytes) {
    return bytes.slice(0, position(random, bytes));
  },
  function append(random, bytes) {
    const tail = Uint8Array.from({ length: 1 + random.below(64) }, () => random.below(256));
    return splice(bytes, bytes.length, 0, tail);
  },
  function remove(random, bytes) {
    const at = position(random, bytes);
    return splice(bytes, at, random.below(Math.min(64, bytes.length - at) + 1));
  },
  function repeat(random, bytes) {
    const at = position(random, bytes);
    const part = bytes.slice(at, at + 1 + random.below(256));
    return splice(bytes, position(random, bytes), 0, part);
  },
  function overwrite(random, bytes) {
    const changed = Uint8Array.from(bytes);
    const [from, to] = [position(random, bytes), position(random, bytes)];
    changed.copyWithin(to, from, from + 1 + random.below(128));
    return changed;
  },
  function blank(random, bytes) {
    const at = position(random, bytes);
    return Uint8Array.from(bytes).fill(random.of([0, 0xff, 0x20]), at, at + random.below(64));
  },
];

/** One to four changes of a file's bytes. */
export function corrupt(random, bytes) {
  let changed = bytes;
  for (let count = 1 + random.below(4); count > 0; count--)
    changed = random.of(CHANGES)(random, changed);
  return changed;
}

/** One to three changes of a text that are made where its numbers, words and brackets are. */
export function corruptText(random, text) {
  let changed = text;
  for (let count = 1 + random.below(3); count > 0; count--) {
    const tokens = [
      ...changed.matchAll(/-?\d+(\.\d+)?(e[-+]?\d+)?|"[^"]*"|true|false|null|[[\]{},:]/g),
    ];
    if (tokens.length === 0) return changed;
    const { index, 0: token } = random.of(tokens);
    const other = random.of([random.of(TEXTS), random.of(tokens)[0], `${token}${token}`, '']);
    changed = changed.slice(0, index) + other + changed.slice(index + token.length);
  }
  return changed;
}

// A WASM module as pages load it: without the names of its functions and, where nothing checks them, without the reference kernels.
const CUSTOM = 0;
const IMPORT = 2;
const CODE = 10;
const FUNCTION = 0;
const TABLE = 1;
const MEMORY = 2;
const HEADER = 8;
const LEFT_OUT = ['name', 'producers'];
/** No locals; `unreachable`; `end`. */
const EMPTY_BODY = Buffer.of(0, 0x00, 0x0b);
const REFERENCE = /::(reference|pixels)::|::run_reference/;

/** Reads numbers in LEB128, names and bytes one after the other. */
class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  get more() {
    return this.at < this.bytes.length;
  }

  byte() {
    return this.bytes[this.at++];
  }

  number() {
    let number = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      number |= (byte & 127) << shift;
      if (byte < 128) return number >>> 0;
    }
  }

  take(size) {
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }

  text() {
    return this.take(this.number()).toString();
  }
}

function numberOf(value) {
  const bytes = [];
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
  return Buffer.of(...bytes, value);
}

const withLength = (bytes) => Buffer.concat([numberOf(bytes.length), bytes]);

function sectionsOf(bytes) {
  const reader = new Reader(bytes, HEADER);
  const sections = [];
  while (reader.more) {
    const id = reader.byte();
    const content = reader.take(reader.number());
    sections.push({ id, content, name: id === CUSTOM ? new Reader(content).text() : undefined });
  }
  return sections;
}

/** Functions that are imported count before those of the module. */
function importedFunctions(content) {
  const reader = new Reader(content);
  let functions = 0;
  for (let left = reader.number(); left > 0; left--) {
    reader.text();
    reader.text();
    const kind = reader.byte();
    if (kind === TABLE) reader.byte();
    if (kind === TABLE || kind === MEMORY) {
      const bounded = reader.byte() & 1;
      for (let limits = bounded ? 2 : 1; limits > 0; limits--) reader.number();
    } else if (kind === FUNCTION) {
      functions++;
      reader.number();
    } else
      throw new Error(
        `WASM: imports are functions, tables and memory here but one is of kind ${kind}`,
      );
  }
  return functions;
}

/** Numbers of the functions whose names say that they are references. */
function referencesOf(content) {
  const reader = new Reader(content);
  reader.text();
  while (reader.more) {
    const kind = reader.byte();
    const names = new Reader(reader.take(reader.number()));
    if (kind !== 1) continue;
    const found = new Set();
    for (let left = names.number(); left > 0; left--) {
      const index = names.number();
      if (REFERENCE.test(names.text())) found.add(index);
    }
    return found;
  }
  return new Set();
}

function withoutBodies(content, left, first) {
  const reader = new Reader(content);
  const count = reader.number();
  const bodies = Array.from({ length: count }, (_, i) => {
    const body = reader.take(reader.number());
    return withLength(left.has(first + i) ? EMPTY_BODY : body);
  });
  return Buffer.concat([numberOf(count), ...bodies]);
}

/**
 * The module's bytes but for what no engine reads.
 *
 * @param references whether reference kernels stay, which check those of 256 bits; without them calling one traps
 */
export function trimModule(bytes, { references }) {
  const sections = sectionsOf(bytes);
  const names = sections.find(({ name }) => name === 'name');
  const left = references || !names ? new Set() : referencesOf(names.content);
  const imports = sections.find(({ id }) => id === IMPORT);
  const first = left.size > 0 && imports ? importedFunctions(imports.content) : 0;
  const kept = sections.filter(({ name }) => !LEFT_OUT.includes(name));
  return Buffer.concat([
    bytes.subarray(0, HEADER),
    ...kept.flatMap(({ id, content }) => [
      Buffer.of(id),
      withLength(id === CODE ? withoutBodies(content, left, first) : content),
    ]),
  ]);
}

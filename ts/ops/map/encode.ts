import { CODES } from './code.ts';
import { operandsOf, type Program } from './program.ts';

/** Registers of the kernel: inputs, then constants, then results (`crates/kernels/src/map/code.rs`). */
const INPUTS = 8;
const CONSTANTS = 8;
const RESULTS = 8;
/** Instructions beyond which a chain is better cut: its numbers leave the first-level cache. */
const INSTRUCTIONS = 48;

const words = new WeakMap<Program, Int32Array | undefined>();

/** A program as the kernel reads it; undefined where it needs more registers than there are. */
export function encode(program: Program): Int32Array | undefined {
  if (!words.has(program)) words.set(program, encodeNew(program));
  return words.get(program);
}

function encodeNew({ inputs, terms }: Program): Int32Array | undefined {
  const lastUse = terms.map((_, index) =>
    terms.reduce((last, term, at) => (operandsOf(term).includes(index) ? at : last), index),
  );
  const registers: number[] = [];
  const constants: number[] = [];
  const code: number[] = [];
  const free = Array.from({ length: RESULTS }, (_, i) => INPUTS + CONSTANTS + i);
  for (const [index, term] of terms.entries()) {
    if ('input' in term) registers.push(term.input);
    else if ('constant' in term) registers.push(INPUTS + constants.push(term.constant) - 1);
    else {
      const [a, b] = [registers[term.a]!, registers[term.b ?? term.a]!];
      // A result may lie where an operand that is not needed any more did.
      for (const operand of new Set(operandsOf(term))) {
        const register = registers[operand]!;
        if (lastUse[operand] === index && register >= INPUTS + CONSTANTS) free.unshift(register);
      }
      const result = free.shift();
      if (result === undefined) return undefined;
      registers.push(result);
      code.push(CODES.indexOf(term.code) | (result << 8) | (a << 16) | (b << 24));
    }
  }
  const fits = inputs <= INPUTS && constants.length <= CONSTANTS && code.length <= INSTRUCTIONS;
  if (!fits || code.length === 0) return undefined;
  const bits = new Int32Array(Float32Array.from(constants).buffer);
  return Int32Array.from([constants.length, code.length, ...code, ...bits]);
}

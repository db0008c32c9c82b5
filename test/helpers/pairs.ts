import { existsSync, readFileSync } from 'node:fs';

/** Whether this Node pairs vectors under V8's flag, where the processor has the operations. */
export const PAIRS = /^(24|26)\./.test(process.versions.node);

/** Whether this processor is known to have operations on 256 bits. */
export const HAS_AVX2 =
  existsSync('/proc/cpuinfo') && / avx2 /.test(readFileSync('/proc/cpuinfo', 'utf8'));

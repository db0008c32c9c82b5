import { readFileSync } from 'node:fs';

/** Clock ticks a second in /proc on every Linux that Node runs on. */
const TICKS = 100;

/** Processor time that a process has used, by Linux's /proc/<pid>/stat; NaN elsewhere. */
export function cpuSeconds(pid: number): number {
  try {
    // The name in parentheses may hold spaces; user and system time are the 12th and 13th field behind it.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch {
    return NaN;
  }
}

import { readFileSync } from 'node:fs';
import process from 'node:process';

const OWN = '/proc/self/status';

/**
 * The most memory this process has had, in bytes. Linux's `maxRSS` begins with that of the process that started it; its
 * `VmHWM` does not.
 */
export function peakMemory(): number {
  if (process.platform === 'linux') {
    const kibibytes = /VmHWM:\s+(\d+)/.exec(readFileSync(OWN, 'utf8'));
    if (kibibytes) return Number(kibibytes[1]) * 1024;
  }
  return process.resourceUsage().maxRSS * 1024;
}

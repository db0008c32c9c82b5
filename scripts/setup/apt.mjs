import { existsSync } from 'node:fs';
import { find, isRoot, run } from './run.mjs';

/** Whether this set-up may install Debian packages. */
export const canApt = isRoot && existsSync('/etc/debian_version') && find('apt-get') !== undefined;

let updated = false;

/** Installs Debian packages without recommended extras and without removing anything. */
export async function aptInstall(label, packages, advice) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  if (!updated)
    await run('Debian package lists (apt-get update)', 'apt-get', ['update'], { env, advice });
  updated = true;
  const flags = ['install', '-y', '--no-install-recommends', '--no-remove'];
  await run(label, 'apt-get', [...flags, ...packages], { env, advice });
}

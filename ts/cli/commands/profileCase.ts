import { mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlanCase } from '../../inspect/benchCase.ts';
import { formatProfile } from '../../inspect/formatProfile.ts';
import { profilePlan } from '../../inspect/profilePlan.ts';
import { printResult, say } from '../terminal/say.ts';

/** How a profile is taken and where it goes. */
export interface ProfileFlags {
  readonly rounds: number;
  readonly json?: boolean;
  /** Folder of profile.json and profile.html. */
  readonly out?: string;
}

/** `residua bench … --profile`: prints a plan's profile and writes it. */
export async function profileCase(item: PlanCase, flags: ProfileFlags): Promise<void> {
  const profile = await profilePlan(item, { rounds: flags.rounds });
  item.dispose();
  printResult(Boolean(flags.json), profile, () => formatProfile(profile));
  if (flags.out === undefined) return;
  const { renderProfile } = await import('../../inspect/node/renderProfile.ts');
  mkdirSync(flags.out, { recursive: true });
  await writeFile(join(flags.out, 'profile.json'), `${JSON.stringify(profile, null, 1)}\n`);
  await writeFile(join(flags.out, 'profile.html'), renderProfile(profile));
  say(`wrote profile.json and profile.html to ${flags.out}`);
}

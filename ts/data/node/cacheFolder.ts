import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

/** Where downloads are kept: RESIDUA_CACHE, else `residua` in the user's cache folder. */
export function cacheFolder(): string {
  const { RESIDUA_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  return (
    RESIDUA_CACHE ?? join(XDG_CACHE_HOME ?? LOCALAPPDATA ?? join(homedir(), '.cache'), 'residua')
  );
}

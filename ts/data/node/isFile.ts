import { statSync } from 'node:fs';

/** Whether a path is that of a file; neither a folder nor a path that leads through a file is one. */
export function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

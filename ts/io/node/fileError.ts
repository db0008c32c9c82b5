const CAUSES: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EBUSY: 'the file is in use',
  EDQUOT: 'the disk quota is used up',
  EEXIST: 'something is there already',
  EFBIG: 'the file is larger than allowed',
  EIO: 'the disk reports an error',
  EISDIR: 'it is a directory',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'no such file or directory',
  ENOSPC: 'no space left on the disk',
  ENOTDIR: 'a part of the path is not a directory',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read-only',
};

/** One clear error for a failed file operation: `runs/a: write: no space left on the disk (ENOSPC)`. */
export function fileError(path: string, action: string, cause: unknown): Error {
  const code = (cause as NodeJS.ErrnoException).code;
  const words = code === undefined ? undefined : CAUSES[code];
  const reason = words ? `${words} (${code})` : (cause as Error).message;
  return Object.assign(new Error(`${path}: ${action}: ${reason}`, { cause }), { code });
}

import type { Image } from '../image.ts';
import { readFile } from './readFile.ts';

/**
 * Reads a PNG file.
 *
 * @throws {FormatError} for a file that is damaged or no PNG
 * @throws {Error} for a file that cannot be read
 */
export async function readImage(path: string): Promise<Image> {
  // Its library takes longer to load than many programs that read no picture to run.
  const { decodePng } = await import('../png.ts');
  return decodePng(await readFile(path), path);
}

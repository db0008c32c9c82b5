import type { Image } from '../image.ts';
import { decodePngBy } from '../png.ts';
import { inflate } from './inflate.ts';
import { readFile } from './readFile.ts';

/**
 * Reads a PNG file.
 *
 * @throws {FormatError} for a file that is damaged or no PNG
 * @throws {Error} for a file that cannot be read
 */
export async function readImage(path: string): Promise<Image> {
  return decodePngBy(inflate, await readFile(path), path);
}

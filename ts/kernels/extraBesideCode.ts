import type { ExtraBuild } from './assets.ts';
import { besideCodeAt } from './besideCode.ts';

const urls: Readonly<Record<ExtraBuild, () => URL>> = {
  extra: () => new URL('./assets/extra.wasm', import.meta.url),
  'extra-256': () => new URL('./assets/extra-256.wasm', import.meta.url),
};

/** Where the extra module lies beside the package's code, apart from the other files: bundlers take it where its code is used. */
export const extraBesideCode = (name: ExtraBuild): URL => besideCodeAt(`${name}.wasm`, urls[name]);

/** What a file is that was given for another, and what to do about it. */
export interface ForeignFormat {
  readonly what: string;
  readonly advice: string;
}

const TORCH: ForeignFormat = {
  what: 'a file of torch.save',
  advice:
    "in Python, safetensors.torch.save_file(torch.load(file, map_location='cpu'), 'weights.safetensors') turns a state " +
    'dict into one',
};
const KERAS = 'loadKerasWeights of residua/keras reads those of Keras';

/** The name of the first file of a zip archive follows thirty bytes. */
const zipOf =
  (name: RegExp) =>
  (text: string): boolean =>
    text.startsWith('PK\x03\x04') && name.test(text.slice(30, 300));
const begins =
  (...letters: readonly string[]) =>
  (text: string): boolean =>
    letters.some((some) => text.startsWith(some));

/** Kinds of files by what they begin with; the first that fits counts. */
const KINDS: readonly (readonly [(text: string) => boolean, ForeignFormat])[] = [
  [zipOf(/^[^/]+\/(data\.pkl|data\/|byteorder|version|constants)/), TORCH],
  [
    zipOf(/^(metadata\.json|config\.json|model\.weights\.h5)/),
    { what: 'a Keras file', advice: KERAS },
  ],
  [zipOf(/^[\w/.: -]*?\.npy/), { what: 'an archive of NumPy arrays', advice: KERAS }],
  [zipOf(/^/), { what: 'a zip archive', advice: 'unpack it and give the file inside' }],
  [begins('\x89HDF'), { what: 'an HDF5 file', advice: KERAS }],
  [begins('\x80\x02', '\x80\x03', '\x80\x04', '\x80\x05'), TORCH],
  [
    begins('version https://git-lfs'),
    { what: 'a pointer of Git LFS', advice: '`git lfs pull` fetches the file itself' },
  ],
  [
    (text) => /^\s*<(!doctype|html|\?xml)/i.test(text),
    { what: 'a web page', advice: 'the download gave that instead of the file' },
  ],
  [begins('\x1f\x8b'), { what: 'a gzipped file', advice: 'unpack it with gunzip' }],
  [
    (text) => /^\s*\{\s*"(metadata|weight_map)"/.test(text),
    {
      what: 'an index of several files',
      advice: 'readTensors reads it where its name ends in .json',
    },
  ],
  [
    (text) => text[8] === '{',
    { what: 'a safetensors file', advice: 'loadWeights and loadWeightsFile read it' },
  ],
];

/**
 * What a file is that is not what it was given for; undefined where its beginning says nothing.
 *
 * @param beginning its first bytes, some hundred of them
 */
export function foreignFormat(beginning: Uint8Array): ForeignFormat | undefined {
  const text = String.fromCharCode(...beginning.subarray(0, 512));
  return KINDS.find(([fits]) => fits(text))?.[1];
}

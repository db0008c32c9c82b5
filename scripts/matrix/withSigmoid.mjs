/** A row of a bundler that leaves out what a page does not use, and one whose page uses an op of the extra module, which that one alone loads. */
export const withAndWithoutSigmoid = (row) => [{ ...row, extra: false }, withSigmoid(row)];

/** A row whose page uses that op, whatever the bundler does. */
export const withSigmoid = (row) => ({
  ...row,
  name: `${row.name}, sigmoid`,
  entries: { 'main.js': 'mainSigmoid.js', 'inline.js': 'inlineSigmoid.js' },
  extra: true,
});

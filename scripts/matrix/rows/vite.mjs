// Vite 6, 7 and 8.
import { withAndWithoutSigmoid, withSigmoid } from '../withSigmoid.mjs';

const config = `export default {
  server: { headers: {
    'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' } },
};
`;

export const viteRows = ['6.4.6', '7.3.8', '8.4.0'].flatMap((version) => {
  const [major] = version.split('.');
  const packages = { vite: version };
  const dev = {
    name: `Vite ${major}, dev`,
    packages,
    files: { 'vite.config.js': config },
    server: ['vite', '--port', 'PORT', '--strictPort'],
  };
  const build = [['vite', 'build', '--outDir', 'out']];
  const built = { name: `Vite ${major}`, packages, build, out: 'out' };
  return [dev, withSigmoid(dev), ...withAndWithoutSigmoid(built)];
});

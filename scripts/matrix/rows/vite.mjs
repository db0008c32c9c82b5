// Vite 6, 7 and 8.
const config = `export default {
  server: { headers: {
    'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' } },
};
`;

export const viteRows = ['6.4.6', '7.3.8', '8.4.0'].flatMap((version) => {
  const [major] = version.split('.');
  const packages = { vite: version };
  return [
    {
      name: `Vite ${major}, dev`,
      packages,
      files: { 'vite.config.js': config },
      server: ['vite', '--port', 'PORT', '--strictPort'],
    },
    { name: `Vite ${major}`, packages, build: [['vite', 'build', '--outDir', 'out']], out: 'out' },
  ];
});

import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const inexact = [
  'sin',
  'cos',
  'tan',
  'tanh',
  'exp',
  'expm1',
  'log',
  'log1p',
  'log2',
  'log10',
  'pow',
];
const reason = 'its last bit differs between runtimes; use the functions of the WASM module';

export default tseslint.config(
  {
    ignores: [
      '**/dist/',
      '**/node_modules/',
      'target/',
      'runs/',
      '.cache/',
      'ts/kernels/assets/',
      'test/matrix/app/',
      'test/package/consumer/',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', name: ['test', 'it', 'describe', 'suite'], package: 'node:test' },
          ],
        },
      ],
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      'no-warning-comments': 'error',
    },
  },
  {
    files: ['ts/**/*.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        ...inexact.map((property) => ({ object: 'Math', property, message: reason })),
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector:
            "BinaryExpression[operator='**']:not([left.type='Literal'][right.type='Literal'])",
          message: `** is Math.pow: ${reason}`,
        },
        { selector: "AssignmentExpression[operator='**=']", message: `**= is Math.pow: ${reason}` },
      ],
    },
  },
  {
    files: ['scripts/**/*.mjs', 'bench/**/*.mjs', 'demo/**/*.mjs', 'test/**/*.mjs', '*.js'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'process',
          'Deno',
          'TextDecoder',
          'navigator',
          'console',
          'URL',
          'performance',
          'WebAssembly',
          'setInterval',
          'clearInterval',
          'setTimeout',
          'clearTimeout',
          'fetch',
          'AbortController',
          'Buffer',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
);

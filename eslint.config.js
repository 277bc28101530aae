// The house rules of docs/architecture.md as lint rules: which folder may import which.
import js from '@eslint/js';
import globals from 'globals';
import importX from 'eslint-plugin-import-x';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import prettier from 'eslint-config-prettier';
import svelte from 'eslint-plugin-svelte';
import ts from 'typescript-eslint';

const MAIN = [
  'shell',
  'host',
  'cli',
  'api',
  'jobs',
  'experiments',
  'streams',
  'datasets',
  'distortions',
  'catalog',
  'evaluation',
  'fusion',
  'graph',
  'images',
  'reports',
  'home',
];
/** folder of src-main -> folders of src-main it may import (src-shared is open to all). */
const MAY_IMPORT = {
  shell: ['host'],
  cli: ['api', 'engine.ts', 'host', 'home'],
  host: ['home'],
  api: [
    'jobs',
    'experiments',
    'streams',
    'datasets',
    'distortions',
    'catalog',
    'evaluation',
    'images',
    'reports',
    'home',
    'host',
  ],
  jobs: [
    'experiments',
    'streams',
    'datasets',
    'distortions',
    'catalog',
    'evaluation',
    'fusion',
    'images',
    'home',
  ],
  experiments: ['fusion', 'evaluation', 'streams', 'catalog', 'graph', 'home'],
  streams: ['images', 'catalog', 'home'],
  datasets: ['catalog', 'images', 'home'],
  distortions: ['images'],
  catalog: ['home'],
  fusion: ['graph'],
  evaluation: [],
  graph: [],
  images: [],
  reports: [],
  home: [],
};
const zones = MAIN.map((folder) => ({
  target: `./src-main/${folder}`,
  from: ['./src-main', './src-renderer', './src-preload'],
  except: [folder, ...MAY_IMPORT[folder]].map((f) => `./${f}`),
  message: `src-main/${folder} may import only: ${[...MAY_IMPORT[folder], 'src-shared'].join(', ')} (docs/architecture.md).`,
}));
// `except` is relative to `from`; the renderer and preload folders have no such subfolder, so they stay closed.
zones.push(
  { target: './src-shared', from: ['./src-main', './src-renderer', './src-preload'] },
  { target: './src-preload', from: ['./src-main', './src-renderer'] },
);

export default ts.config(
  {
    ignores: ['out/**', 'node_modules/**', 'src-main/**/wasm/assembly/**', 'test-results/**', '.cache/**'],
  },
  js.configs.recommended,
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  {
    plugins: { 'import-x': importX },
    languageOptions: { globals: { ...globals.node } },
    settings: {
      'import-x/resolver-next': [
        createTypeScriptImportResolver({
          noWarnOnMultipleProjects: true,
          project: ['tsconfig.json', 'tsconfig.web.json'],
        }),
      ],
    },
    rules: {
      'import-x/no-restricted-paths': ['error', { zones, basePath: import.meta.dirname }],
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-explicit-any': 'error',
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['**/utils*', '**/helpers*'], message: 'Name the file for what it does.' }] },
      ],
    },
  },
  {
    files: ['src-main/**/*.ts', 'src-shared/**/*.ts', 'src-preload/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'No default exports.' },
      ],
    },
  },
  {
    files: ['src-main/**/*.ts'],
    ignores: ['src-main/shell/**', 'src-main/index.ts'],
    rules: {
      'no-restricted-modules': ['error', 'electron'],
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { paths: [{ name: 'electron', message: 'Only src-main/shell knows Electron.' }] },
      ],
    },
  },
  {
    files: ['src-renderer/**/*.{ts,svelte}', 'src-renderer/**/*.svelte.ts'],
    languageOptions: { globals: { ...globals.browser } },
    rules: {
      // Types of the API are the renderer's only tie to the engine.
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['**/src-main/**'],
              allowTypeImports: true,
              message: 'The renderer may import only types from src-main.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'] } },
  },
  prettier,
  ...svelte.configs.prettier,
);

import js from '@eslint/js';
import jsxA11y from 'eslint-plugin-jsx-a11y';
import reactHooks from 'eslint-plugin-react-hooks';
import globals from 'globals';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'test-results/', 'shots/'] },
  js.configs.recommended,
  tseslint.configs.recommended,
  {
    files: ['src/**/*.{ts,tsx}', 'gallery/**/*.{ts,tsx}'],
    extends: [reactHooks.configs.flat['recommended-latest'], jsxA11y.flatConfigs.recommended],
    languageOptions: { globals: globals.browser },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
    },
  },
  { files: ['mock/**', 'scripts/**', 'gallery/*.mjs', '*.js', '*.ts', 'e2e/**'], languageOptions: { globals: globals.node } },
  // What stands in `evaluate` runs in the page.
  { files: ['gallery/*.mjs'], languageOptions: { globals: globals.browser } },
  // Parts of it run in the page.
  { files: ['scripts/bench-dashboard.mjs'], languageOptions: { globals: globals.browser } },
  { files: ['public/**'], languageOptions: { globals: globals.browser, sourceType: 'script' } },
);

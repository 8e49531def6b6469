/** The suites on mutated sources. */
import { mergeConfig } from 'vitest/config';

import suites from '../../vitest.config.ts';
import { mutate, namesIn } from './mutate.ts';

const names = namesIn(process.env['WEFT_MUTANTS']);

export default mergeConfig(suites, {
  root: new URL('../..', import.meta.url).pathname,
  plugins: [
    {
      name: 'mutants',
      enforce: 'pre',
      transform: (code: string, id: string) => (id.endsWith('.ts') ? mutate(id, code, names) : undefined),
    },
  ],
});

/** Loaded before a program (`node --import`): its modules are those of the mutants that WEFT_MUTANTS names. */
import { registerHooks } from 'node:module';

import { mutate, namesIn } from './mutate.ts';

const names = namesIn(process.env['WEFT_MUTANTS']);

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.endsWith('.ts') || url.includes('/node_modules/') || loaded.source === undefined) return loaded;
    const text =
      typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source ?? undefined);
    return { ...loaded, source: mutate(url, text, names) };
  },
});

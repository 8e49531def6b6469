import type { Json } from '@weft/contract';

import { contentHash } from './content-hash.ts';

/** What determines the result of a cached task. */
export type CachedCall = {
  /** The executor; for a handler, `handler:` and its name. */
  uses: string;
  /** The version of the executor: another one may give another result. */
  version: string;
  /** The rendered input, in which secrets stand by name. */
  input: Json;
  /** Where in the input secrets stand: what only looks like one is data. */
  secretPaths: readonly string[];
};

/**
 * The same for all calls that give the same result. Config, state and other results count as far as they are in the
 * rendered input, which is all that an executor sees of them; the node's name and its workflow do not count.
 */
export function cacheKey({ uses, version, input, secretPaths }: CachedCall): string {
  return contentHash({ v: 1, uses, version, input, secrets: secretPaths.toSorted() });
}

/** Whether agents may say that a task of theirs has moved on. */
import { createPushHints } from '@weft/endpoints';
import type { PushHints } from '@weft/endpoints';
import type { SecretKeys } from '@weft/postgres';

import { publicUrl } from '../config.ts';
import type { Environment } from '../config.ts';

/** Null where nobody has said how the outside reaches the API, or there is no key for the tokens. */
export function pushHintsOf(env: Environment, { present, old }: SecretKeys): PushHints | null {
  const url = publicUrl(env);
  return url === null || present === null ? null : createPushHints(url, [present, ...old]);
}

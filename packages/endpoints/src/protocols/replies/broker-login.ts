import { z } from 'zod';

import type { CallTarget } from '../../protocol.ts';

/** Options of all endpoints behind a broker. */
export const brokerOptions = {
  tokenFor: z
    .enum(['worker', 'broker'])
    .default('worker')
    .meta({ description: 'Whether the token goes along with each request, or is the password of the broker' }),
  group: z
    .string()
    .regex(/^[\w.-]{1,100}$/, 'one to a hundred of a-z A-Z 0-9 _ . -')
    .optional()
    .meta({ description: 'Keeps two installations apart that talk to the same broker (weft)' }),
  username: z.string().min(1).max(500).optional().meta({ description: 'Who this is to the broker' }),
};

/** Who asks a broker to be let in. */
export type BrokerLogin = { username?: string; password?: string };

/** Of options that were found good. */
export type BrokerOptions = { tokenFor: 'worker' | 'broker'; username?: string | undefined };

export function loginOf({ token }: CallTarget, { tokenFor, username }: BrokerOptions): BrokerLogin {
  return {
    ...(username === undefined ? {} : { username }),
    ...(tokenFor === 'broker' && token !== null ? { password: token } : {}),
  };
}

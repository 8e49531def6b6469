import { z } from 'zod';

import type { ProtocolRules } from '../../protocol.ts';
import { httpOptions } from '../http/http-options.ts';
import { checkHttpUrl } from '../http/http-url.ts';
import { optionsProblem } from '../options.ts';

export const options = z.strictObject({
  ...httpOptions,
  origins: z
    .array(z.url())
    .max(20)
    .optional()
    .meta({ description: 'Where else than at its own address the card may lead to' }),
});

export const a2aRules: ProtocolRules = {
  protocol: 'a2a',
  checkUrl: checkHttpUrl,
  checkOptions: (given) => optionsProblem(options, given),
};

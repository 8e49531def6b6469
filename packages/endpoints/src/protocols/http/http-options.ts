import { z } from 'zod';

/** What all endpoints that are spoken to by HTTP have in common. */
export const httpOptions = {
  tokenHeader: z
    .string()
    .regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/, 'not the name of a header')
    .optional()
    .meta({ description: 'The header that holds the token alone, in the place of Authorization: Bearer' }),
};

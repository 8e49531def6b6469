/** Answers that hold no shape of the contract, and the problems that every call may answer. */
import { Problem } from '@weft/contract';
import { z } from 'zod';

const problem = { description: 'A problem', content: { 'application/problem+json': { schema: Problem } } };

/** The answers of every call that fails. */
export const problems = { '4xx': problem, '5xx': problem };

export const Health = z.object({ status: z.literal('ok'), version: z.string() }).meta({ id: 'Health' });

import { JsonValue } from '@weft/contract';
import { z } from 'zod';

import { httpInput } from '../http/request.ts';

const MIB = 1_048_576;

/** They make a program run what its command does not say. */
const REFUSED_ENV = /^(LD_.*|DYLD_.*|NODE_OPTIONS|BASH_ENV|ENV|PYTHONSTARTUP|PERL5OPT|RUBYOPT)$/;

const envName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,199}$/, 'not the name of a variable')
  .refine((name) => !REFUSED_ENV.test(name), 'this variable would change what is run');

const withoutNul = z
  .string()
  .max(100_000)
  .refine((text) => !text.includes('\0'), 'holds a NUL');

const { url, headers } = httpInput.shape;

/** Which server: a command that speaks on its standard input and output, or a URL. */
export const mcpServer = {
  command: z.array(withoutNul).min(1).max(200).optional(),
  env: z.record(envName, withoutNul).default({}),
  cwd: withoutNul.min(1).optional(),
  url: url.optional(),
  headers,
};

/** The input of the `mcp` executor. */
export const mcpInput = z
  .strictObject({
    ...mcpServer,
    action: z.enum(['call', 'list']).default('call'),
    tool: z.string().min(1).max(200).optional(),
    arguments: z.record(z.string(), JsonValue).default({}),
    timeoutMs: z.int().min(1).max(3_600_000).default(60_000),
    maxBytes: z
      .int()
      .min(1)
      .max(4 * MIB)
      .default(MIB),
  })
  .superRefine(({ command, url: address, action, tool, cwd }, context) => {
    const refuse = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message });
    if ((command === undefined) === (address === undefined))
      refuse('command', 'exactly one of command and url is needed');
    if (command?.[0] === '') refuse('command', 'its first part is the program');
    if (cwd !== undefined && command === undefined) refuse('cwd', 'goes with a command');
    if (action === 'call' && tool === undefined) refuse('tool', 'which tool is to be called?');
  });

export type McpInput = z.output<typeof mcpInput>;

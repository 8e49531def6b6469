/** The fields of an endpoint from the flags that name them. */
import { exitCodes, UpdateEndpoint } from '@weft/contract';
import type { Endpoint, ReplaceEndpoint } from '@weft/contract';

import { CliError } from '../cli-error.ts';
import { parseInput } from './parse-input.ts';
import { readText } from './read-text.ts';

export type FieldOptions = {
  model?: string;
  tag: string[];
  specialty: string[];
  maxConcurrent?: number;
  priceIn?: number;
  priceOut?: number;
  priceCall?: number;
  rpm?: number;
  tpm?: number;
  healthUrl?: string;
  healthEvery?: number;
  /** False: it shall not be asked. */
  health: boolean;
  tokenFile?: string;
  secret?: string;
  option: string[];
};

/** What an endpoint has now, of what may be named in part. */
type Before = Pick<Endpoint, 'price' | 'limits' | 'health' | 'options'>;

/** What is named, and beside it what was in the same group. Throws CliError `usage`. */
export async function fieldsOf(
  options: FieldOptions,
  before: Partial<Before> = {},
): Promise<Omit<ReplaceEndpoint, 'protocol' | 'url'>> {
  const { model, tag, specialty, maxConcurrent, option } = options;
  const price = { inputPerMTok: options.priceIn, outputPerMTok: options.priceOut, perCall: options.priceCall };
  const limits = { requestsPerMinute: options.rpm, tokensPerMinute: options.tpm };
  const { healthUrl: url, healthEvery: everyMs, health } = options;
  const token = await tokenOf(options);
  return {
    ...(model !== undefined && { model }),
    ...(tag.length > 0 && { tags: tag }),
    ...(specialty.length > 0 && { specialties: specialty }),
    ...(maxConcurrent !== undefined && { maxConcurrent }),
    ...group('price', price, before.price),
    ...group('limits', limits, before.limits),
    ...group('health', { url, everyMs, enabled: health ? undefined : false }, before.health),
    ...(option.length > 0 && { options: parseInput(option, before.options, '--option') as Endpoint['options'] }),
    ...(token !== undefined && { token }),
  };
}

/** Null for each field that shall not be set any more. Throws CliError `usage` for what cannot be missing. */
export function unset(fields: readonly string[]): UpdateEndpoint {
  const known = Object.keys(UpdateEndpoint.shape).filter((name) => name !== 'protocol' && name !== 'url');
  const unknown = fields.find((name) => !known.includes(name));
  if (unknown !== undefined) throw usage(`--unset takes ${known.join(', ')}, not "${unknown}"`);
  return Object.fromEntries(fields.map((name) => [name, null]));
}

function group(name: string, given: object, before: object | undefined): object {
  const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return Object.keys(named).length > 0 ? { [name]: { ...before, ...named } } : {};
}

/** Never on the command line itself, where everybody on the machine could read it. */
async function tokenOf({ tokenFile, secret }: FieldOptions): Promise<ReplaceEndpoint['token']> {
  if (tokenFile !== undefined && secret !== undefined) throw usage('take --token-file or --secret, not both');
  if (secret !== undefined) return { secret };
  if (tokenFile === undefined) return undefined;
  const token = (await readText(tokenFile)).trim();
  if (token === '') throw usage(`${tokenFile === '-' ? 'the standard input' : tokenFile} holds no token`);
  return token;
}

function usage(message: string): CliError {
  return new CliError('usage', message, { exitCode: exitCodes.usage });
}

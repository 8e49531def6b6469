/** A file of endpoints: a list, as YAML or JSON. */
import { readFile } from 'node:fs/promises';

import { AppError, FileEndpoint } from '@weft/contract';
import type { ProblemItem } from '@weft/contract';
import { parseDocument, withLocations } from '@weft/formats';
import type { Locate } from '@weft/formats';
import { z } from 'zod';

import { checkBy } from '../http/request-problems.ts';

/** Something is wrong with the file; the message says what and where, in one line. */
export class EndpointsFileError extends Error {
  override readonly name = 'EndpointsFileError';
  readonly code = 'bad_endpoints_file';
}

/** Where its parts stand, for what is found wrong with them later. */
export type EndpointsFile = { endpoints: FileEndpoint[]; locate: Locate };

const SHOWN = 5;
const FileEndpoints = z.array(FileEndpoint).max(10_000);

/** The file's text. Throws EndpointsFileError. */
export async function readEndpointsText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new EndpointsFileError(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/** Throws EndpointsFileError; never tells what stands in a token. */
export async function parseEndpoints(path: string, text: string): Promise<EndpointsFile> {
  const parsed = await parseDocument(text, path.endsWith('.json') ? 'json' : 'yaml');
  if (!parsed.ok) throw wrongWith(path, parsed.errors);
  // An empty file is a list of none: a comment alone is read as nothing.
  const checked = checkBy(FileEndpoints, parsed.value ?? [], []);
  if (checked instanceof AppError) throw wrongWith(path, withLocations(checked.errors, parsed.locate));
  return { endpoints: checked.value, locate: parsed.locate };
}

/** One line for all that is wrong, each with its place. */
export function wrongWith(path: string, errors: readonly ProblemItem[]): EndpointsFileError {
  const lines = errors.slice(0, SHOWN).map(({ line, column, pointer, message }) => {
    const place = line === undefined ? path : `${path}:${line}:${column}`;
    return `${place}: ${pointer === '' ? '' : `${pointer}: `}${message}`;
  });
  const more = errors.length > SHOWN ? [`and ${errors.length - SHOWN} more`] : [];
  return new EndpointsFileError([...lines, ...more].join('; '));
}

/** A workflow document on disk: found, read, and checked with the line of every error. */
import { join } from 'node:path';
import { exitCodes, isObject, type JsonObject, type ProblemItem } from '@weft/contract';
import { type Locate, parseDocument } from '@weft/formats';
import { CliError } from '../cli-error.ts';
import { kindOfPath, readText } from './read-text.ts';

const EXTENSION = /\.(json|ya?ml)$/i;
const FOLDER_NAMES = ['workflow.yaml', 'workflow.yml', 'workflow.json'];

/** A document that could be parsed; nothing is said about whether it is a valid workflow. */
export type DocumentFile = { file: string; value: JsonObject; locate: Locate };

/**
 * The file that an argument means, or null if it is the name of a saved workflow. A name holds no slash, and what ends in
 * `.json`, `.yaml` or `.yml` is a file. A folder stands for the `workflow.yaml` in it.
 */
export async function fileOfArgument(argument: string): Promise<string | null> {
  if (EXTENSION.test(argument)) return argument;
  if (!/[\\/]/.test(argument) && argument !== '.') return null;
  if ((await kindOfPath(argument)) !== 'folder') return argument;
  for (const name of FOLDER_NAMES) {
    if ((await kindOfPath(join(argument, name))) === 'file') return join(argument, name);
  }
  return join(argument, FOLDER_NAMES[0] ?? '');
}

/** Reads and parses a file. Throws CliError. */
export async function readDocumentFile(file: string): Promise<DocumentFile> {
  const text = await readText(file);
  const parsed = await parseDocument(text, mediaTypeOf(file));
  if (!parsed.ok) throw invalidDocument(file, parsed.errors);
  const { value, locate } = parsed;
  if (isObject(value)) return { file, value, locate };
  throw invalidDocument(file, [{ code: 'bad_type', pointer: '', message: 'a workflow is an object' }]);
}

/** How a file is written: JSON by its extension, anything else is YAML. */
export function mediaTypeOf(file: string): 'json' | 'yaml' {
  return file.toLowerCase().endsWith('.json') ? 'json' : 'yaml';
}

/** One error with its place. */
export function placedLine(file: string, { line, column, pointer, message, code }: ProblemItem): string {
  if (line === undefined) return `${file}: ${pointer === '' ? '' : `${pointer}: `}${message} (${code})`;
  return `${file}:${line}:${column ?? 1}: ${message} (${code})`;
}

/** The refusal of a document, each error as `file:line:column: message (code)`. */
export function invalidDocument(file: string, errors: readonly ProblemItem[]): CliError {
  const count = errors.length === 1 ? '1 error' : `${errors.length} errors`;
  return new CliError('invalid_document', `${file} is not a valid workflow: ${count}`, {
    exitCode: exitCodes.invalidDocument,
    lines: errors.map((error) => placedLine(file, error)),
  });
}

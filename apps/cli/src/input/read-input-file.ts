import { exitCodes, type Json } from '@weft/contract';
import { parseDocument } from '@weft/formats';
import { CliError } from '../cli-error.ts';
import { mediaTypeOf, placedLine } from './document-file.ts';
import { readText } from './read-text.ts';

/** The value in a file of JSON or YAML, `-` for the standard input (YAML reads JSON, too). Throws CliError. */
export async function readInputFile(file: string): Promise<Json> {
  const text = await readText(file);
  const isJson = file === '-' ? /^\s*[[{]/.test(text) : mediaTypeOf(file) === 'json';
  const parsed = await parseDocument(text, isJson ? 'json' : 'yaml');
  if (parsed.ok) return parsed.value;
  const lines = parsed.errors.map((error) => placedLine(file, error));
  throw new CliError('unparsable', `the input ${file} cannot be parsed`, { exitCode: exitCodes.usage, lines });
}

import { readFile, stat } from 'node:fs/promises';
import { text as readStream } from 'node:stream/consumers';
import { exitCodes } from '@weft/contract';
import { CliError } from '../cli-error.ts';

/** A file as text; `-` is the standard input. Throws CliError `not_found` or `unreadable_file`. */
export async function readText(file: string): Promise<string> {
  try {
    return file === '-' ? await readStream(process.stdin) : await readFile(file, 'utf8');
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** Whether there is something at `path`, and whether that is a folder. */
export async function kindOfPath(path: string): Promise<'file' | 'folder' | 'nothing'> {
  const found = await stat(path).catch(() => null);
  if (found === null) return 'nothing';
  return found.isDirectory() ? 'folder' : 'file';
}

function unreadable(file: string, error: unknown): CliError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return code === 'ENOENT'
    ? new CliError('not_found', `there is no file ${file}`, { exitCode: exitCodes.notFound })
    : new CliError('unreadable_file', `${file} cannot be read: ${code}`, { exitCode: exitCodes.usage });
}

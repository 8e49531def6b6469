import { readFile } from 'node:fs/promises';

import { pointerOf } from '@weft/contract';
import { parseDocument } from '@weft/formats';
import type { Locate } from '@weft/formats';

import { meant } from '../script/script-table.ts';
import { WorkflowTestError } from '../test-error.ts';
import { TestFile } from './test-file.ts';

export type ReadTestFile = { content: TestFile; placeOf: (pointer: string) => string };

type Issue = { code?: string; path: PropertyKey[]; message: string; keys?: string[]; errors?: Issue[][] };

const KEYS = [
  ...Object.keys(TestFile.shape),
  ...'name input config now nodes answers signals inject cancelAfter crashAt crashAfter seed seeds letExpire recording expect'.split(
    ' ',
  ),
  ...'returns stateUpdates goto usage fails retryAfter crashes notTaken takes beats times code message retryable details'.split(
    ' ',
  ),
  ...'status output state error path called inputs tasks waiting duration node value after by payload updates afterNode'.split(
    ' ',
  ),
];

/** Reads a test file. Throws WorkflowTestError `bad_test_file` with every error, each as `file:line:column: message`. */
export async function readTestFile(file: string): Promise<ReadTestFile> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new WorkflowTestError('bad_test_file', `${file} cannot be read: ${String(cause)}`);
  });
  const parsed = await parseDocument(text, file.endsWith('.json') ? 'json' : 'yaml');
  if (!parsed.ok)
    throw bad(
      file,
      parsed.errors.map(({ line, column, message }) => `${file}:${line ?? 1}:${column ?? 1}: ${message}`),
    );
  const placeOf = placer(file, parsed.locate);
  const read = TestFile.safeParse(parsed.value);
  if (read.success) return { content: read.data, placeOf };
  throw bad(file, linesOf(read.error.issues, placeOf));
}

function placer(file: string, locate: Locate): (pointer: string) => string {
  return (pointer) => {
    const found = locate(pointer);
    return found ? `${file}:${found.line}:${found.column}` : `${file}: ${pointer}`;
  };
}

type Told = { path: PropertyKey[]; message: string; isRule: boolean };

/** Of a union, the branch that went the farthest is what was meant. */
function tell({ code, path, message, keys, errors }: Issue): Told[] {
  if (errors && errors.length > 0) {
    const depth = (branch: Issue[]) => branch.reduce((most, { path: inner }) => Math.max(most, inner.length), 0);
    const [best = []] = errors.toSorted((a, b) => depth(b) - depth(a) || b.length - a.length);
    if (depth(best) > 0 || best.some(({ keys: unknown }) => unknown))
      return best.flatMap((inner) => tell({ ...inner, path: [...path, ...inner.path] }));
  }
  if (!keys) return [{ path, message, isRule: code === 'custom' }];
  return keys.map((key) => ({
    path: [...path, key],
    message: `unknown key "${key}"${meant(key, KEYS)}`,
    isRule: false,
  }));
}

/** What a rule says of a whole is left out where a part of it is wrong. */
function linesOf(issues: readonly Issue[], placeOf: (pointer: string) => string): string[] {
  const told = issues.flatMap(tell);
  const isWithin = (inner: Told, outer: Told): boolean => outer.path.every((key, index) => inner.path[index] === key);
  const kept = told.filter((one) => !one.isRule || !told.some((other) => !other.isRule && isWithin(other, one)));
  return kept.map(({ path, message }) => `${placeOf(toPointer(path))}: ${message}`);
}

function toPointer(path: readonly PropertyKey[]): string {
  return pointerOf(path.map(String));
}

function bad(file: string, lines: string[]): WorkflowTestError {
  return new WorkflowTestError('bad_test_file', `${file} is no valid test file`, lines);
}

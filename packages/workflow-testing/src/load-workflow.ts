/** A workflow document for a test: an object, or a file. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { ProblemItem, WorkflowDocument } from '@weft/contract';
import { validateDocument } from '@weft/engine/domain';
import type { ValidationEnv } from '@weft/engine/domain';
import { usableTypes } from '@weft/executors';
import { readWorkflow } from '@weft/formats';

import { WorkflowTestError } from './test-error.ts';

/** A document, or the file of one: a path, or a URL such as `new URL('./workflow.yaml', import.meta.url)`; a folder means its `workflow.yaml`. */
export type WorkflowSource = string | URL | WorkflowDocument | Readonly<Record<string, unknown>>;

const MAX_NODES = 10_000;
const FOLDER_NAMES = ['workflow.yaml', 'workflow.yml', 'workflow.json'];

/** Throws WorkflowTestError `invalid_workflow` with everything that is wrong, each with its place. */
export async function loadWorkflow(source: WorkflowSource): Promise<WorkflowDocument> {
  const names = await usableTypes();
  const env: ValidationEnv = { executorNames: names, maxNodes: MAX_NODES, hasExecutor: (type) => names.includes(type) };
  if (typeof source === 'string' || source instanceof URL) return readFrom(await fileOf(source), env);
  const { document, issues } = validateDocument(structuredClone(source) as never, env);
  if (document) return document;
  throw invalid('the document', issues, (issue) => issue.pointer || '/');
}

/** The file of a path or URL. */
export async function fileOf(source: string | URL): Promise<string> {
  const path = source instanceof URL ? fileURLToPath(source) : source;
  const found = await stat(path).catch(() => null);
  if (!found?.isDirectory()) return path;
  for (const name of FOLDER_NAMES) if (await stat(join(path, name)).catch(() => null)) return join(path, name);
  return join(path, FOLDER_NAMES[0] ?? '');
}

async function readFrom(file: string, env: ValidationEnv): Promise<WorkflowDocument> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new WorkflowTestError('invalid_workflow', `the workflow ${file} cannot be read: ${String(cause)}`);
  });
  const read = await readWorkflow(text, { mediaType: file.endsWith('.json') ? 'json' : 'yaml', env });
  if (read.ok) return read.document;
  throw invalid(file, read.errors, ({ line, column, pointer }) =>
    line ? `${file}:${line}:${column ?? 1}` : pointer || '/',
  );
}

function invalid(
  what: string,
  issues: readonly ProblemItem[],
  placeOf: (issue: ProblemItem) => string,
): WorkflowTestError {
  const lines = issues.map((issue) => `${placeOf(issue)}: ${issue.message} (${issue.code})`);
  return new WorkflowTestError('invalid_workflow', `${what} is not a valid workflow`, lines);
}

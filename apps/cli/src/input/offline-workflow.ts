import { usableTypes } from '@weft/executors';
import { type ReadWorkflow, readWorkflow } from '@weft/formats';
import { mediaTypeOf } from './document-file.ts';
import { readText } from './read-text.ts';

/** Reads and checks a file without a server: against the built-in executors, any handler, and `maxNodes`. */
export async function readWorkflowFile(file: string, maxNodes: number): Promise<ReadWorkflow> {
  const [text, executorNames] = await Promise.all([readText(file), usableTypes()]);
  const known = new Set(executorNames);
  const env = { executorNames, maxNodes, hasExecutor: (type: string) => known.has(type) };
  return readWorkflow(text, { mediaType: mediaTypeOf(file), env });
}

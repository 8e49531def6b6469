import { z } from 'zod';
import { WorkflowDocument } from './workflow-document.ts';

/** The JSON Schema (draft-07, as editors read it) of the workflow document. It says less than validation does. */
export function workflowJsonSchema(): Record<string, unknown> {
  return { title: 'Weft workflow', ...z.toJSONSchema(WorkflowDocument, { target: 'draft-07', io: 'input' }) };
}

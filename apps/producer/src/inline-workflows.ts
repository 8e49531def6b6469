/** Documents that come with the request that runs them: checked and saved once, then known by their content. */
import type { Json } from '@weft/contract';
import { contentHash } from '@weft/engine/domain';
import type { WorkflowRef } from '@weft/engine/domain';

import type { AppOptions } from './app-options.ts';
import { readDocument } from './read-document.ts';
import { TENANT } from './tenant.ts';

/** Versions that are kept in mind; the one used longest ago goes first. */
const CAPACITY = 1000;

export type InlineWorkflows = {
  /** The saved version of the document. Throws AppError `invalid_document`; `place` maps its pointers into the request. */
  refOf(document: Json, place: (pointer: string) => string): Promise<WorkflowRef>;
};

export function inlineWorkflows(options: AppOptions): InlineWorkflows {
  const known = new Map<string, WorkflowRef>();
  return {
    async refOf(value, place) {
      const hash = contentHash(value);
      const ref = known.get(hash) ?? (await save(options, value, place));
      known.delete(hash);
      known.set(hash, ref);
      const [oldest] = known.keys();
      if (known.size > CAPACITY && oldest !== undefined) known.delete(oldest);
      return ref;
    },
  };
}

async function save(options: AppOptions, value: Json, place: (pointer: string) => string): Promise<WorkflowRef> {
  const document = readDocument(options, value, place);
  return (await options.engine.saveWorkflow({ tenant: TENANT, document })).ref;
}

/** Documents that come with the request that runs them: checked and saved once, then known by their content. */
import type { Json } from '@weft/contract';
import { contentHash } from '@weft/engine/domain';
import type { WorkflowRef } from '@weft/engine/domain';

import type { AppOptions } from './app-options.ts';
import { readDocument } from './read-document.ts';

/** Versions that are kept in mind; the one used longest ago goes first. */
const CAPACITY = 1000;

/** A document as it came, and whose it is. */
export type InlineDocument = { tenant: string; document: Json };

export type InlineWorkflows = {
  /** The saved version of the document. Throws AppError `invalid_document`; `place` maps its pointers into the request. */
  refOf(document: InlineDocument, place: (pointer: string) => string): Promise<WorkflowRef>;
};

export function inlineWorkflows(options: AppOptions): InlineWorkflows {
  const known = new Map<string, WorkflowRef>();
  return {
    async refOf(inline, place) {
      const name = `${inline.tenant} ${contentHash(inline.document)}`;
      const ref = known.get(name) ?? (await save(options, inline, place));
      known.delete(name);
      known.set(name, ref);
      const [oldest] = known.keys();
      if (known.size > CAPACITY && oldest !== undefined) known.delete(oldest);
      return ref;
    },
  };
}

async function save(
  options: AppOptions,
  inline: InlineDocument,
  place: (pointer: string) => string,
): Promise<WorkflowRef> {
  const document = readDocument(options, inline.document, place);
  return (await options.engine.saveWorkflow({ tenant: inline.tenant, document })).ref;
}

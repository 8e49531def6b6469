import type { WorkflowDocument } from '@weft/contract';

import type { WorkflowRef } from '../domain/run/records.ts';

export type StoredWorkflow = { ref: WorkflowRef; hash: string; document: WorkflowDocument; createdAt: number };

/** Workflow versions. A version never changes once saved. */
export type WorkflowStore = {
  /**
   * Saves the next version, or finds the one that has this content. A variant is a version that is loaded by its number
   * only.
   */
  save(request: {
    tenant: string;
    hash: string;
    document: WorkflowDocument;
    isVariant?: boolean;
  }): Promise<StoredWorkflow & { created: boolean }>;
  /** The given version, or the newest. */
  load(request: { tenant: string; name: string; version?: number }): Promise<StoredWorkflow | null>;
  /** The newest version of each workflow, by name. */
  list(request: { tenant: string; limit: number; afterName: string | null }): Promise<StoredWorkflow[]>;
  /** Every tenant that has saved a workflow, and so every tenant that has a run. */
  tenants(): Promise<string[]>;
};

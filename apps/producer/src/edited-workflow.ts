/** The workflow that a run goes on with: another version of its own, or one whose nodes were edited for it. */
import { AppError } from '@weft/contract';
import type { Json, JsonObject, ProblemItem } from '@weft/contract';
import { closest } from '@weft/engine/domain';
import type { WorkflowRef } from '@weft/engine/domain';

import type { AppOptions } from './app-options.ts';
import { mergePatch } from './merge-patch.ts';
import { readDocument } from './read-document.ts';

type Wanted = { version?: number | undefined; nodeOverrides?: { [node: string]: JsonObject } | undefined };

/**
 * Null where the run goes on with what it has. An edited document is saved as a version that no other run gets by default.
 * Throws AppError `not_found`, `invalid_input` (there is no such node), `invalid_document`.
 */
export async function editedWorkflow(
  options: AppOptions,
  { tenant, runId }: { tenant: string; runId: string },
  { version, nodeOverrides = {} }: Wanted,
): Promise<WorkflowRef | null> {
  const edits = Object.entries(nodeOverrides);
  if (version === undefined && edits.length === 0) return null;
  const { workflows, reader } = options.queries;
  const run = await reader.run(tenant, runId);
  if (!run) throw new AppError('not_found', `there is no run ${runId}`);
  const { name } = run.head.workflow;
  const stored = await workflows.load({ tenant, name, version: version ?? run.head.workflow.version });
  if (!stored) throw noVersion(name, version);
  if (edits.length === 0) return stored.ref;
  const { nodes, ...rest } = stored.document;
  refuseUnknown(edits, nodes);
  const edited = Object.fromEntries(edits.map(([node, patch]) => [node, mergePatch(nodes[node] as Json, patch)]));
  const document = readDocument(options, { ...rest, nodes: { ...nodes, ...edited } }, place);
  return (await options.engine.saveWorkflow({ tenant, document, isVariant: true })).ref;
}

function refuseUnknown(edits: readonly (readonly [string, unknown])[], nodes: object): void {
  const errors = edits
    .filter(([node]) => !Object.hasOwn(nodes, node))
    .map(([node]): ProblemItem => {
      const near = closest(node, Object.keys(nodes));
      const meant = near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`;
      const message = `the workflow has no node ${JSON.stringify(node)}${meant}`;
      return { code: 'missing_reference', pointer: `/nodeOverrides/${node}`, message };
    });
  if (errors.length > 0) throw new AppError('invalid_input', errors[0]?.message ?? '', { errors });
}

/** Errors in the edited nodes stand where they were edited. */
function place(pointer: string): string {
  return pointer.startsWith('/nodes/') ? pointer.replace('/nodes/', '/nodeOverrides/') : pointer;
}

function noVersion(name: string, version: number | undefined): AppError {
  const message = `there is no version ${version} of workflow ${name}`;
  return new AppError('not_found', message, { errors: [{ code: 'missing_reference', pointer: '/version', message }] });
}

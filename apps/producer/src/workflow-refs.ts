/** From what a request says of its workflow to the saved version that will run. */
import { AppError, WorkflowVersion } from '@weft/contract';
import type { StartRun } from '@weft/contract';
import type { WorkflowRef } from '@weft/engine/domain';

import type { AppOptions } from './app-options.ts';
import type { InlineWorkflows } from './inline-workflows.ts';
import { TENANT } from './tenant.ts';

/**
 * The version of a name, of a name and version, or of a document, which is saved first. Throws AppError `not_found` or
 * `invalid_document`, with pointers below `/workflow`.
 */
export async function workflowOf(
  options: AppOptions,
  inline: InlineWorkflows,
  workflow: StartRun['workflow'],
): Promise<WorkflowRef> {
  if (typeof workflow === 'string') return refOf(options, { name: workflow });
  const version = WorkflowVersion.safeParse(workflow);
  if (version.success) return refOf(options, version.data);
  return inline.refOf(workflow, (pointer) => `/workflow${pointer}`);
}

async function refOf({ queries }: AppOptions, wanted: { name: string; version?: number }): Promise<WorkflowRef> {
  const stored = await queries.workflows.load({ tenant: TENANT, ...wanted });
  if (stored) return stored.ref;
  const which = wanted.version === undefined ? '' : `version ${wanted.version} of `;
  const message = `there is no ${which}workflow ${JSON.stringify(wanted.name)}`;
  throw new AppError('not_found', message, { errors: [{ code: 'missing_reference', pointer: '/workflow', message }] });
}

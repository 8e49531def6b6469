/** From what a request says of its workflow to the saved version that will run. */
import { AppError, WorkflowVersion } from '@weft/contract';
import type { StartRun } from '@weft/contract';
import type { WorkflowRef } from '@weft/engine/domain';

import type { AppOptions } from './app-options.ts';
import type { InlineWorkflows } from './inline-workflows.ts';

/**
 * The version of a name, of a name and version, or of a document, which is saved first. Throws AppError `not_found` or
 * `invalid_document`, with pointers below `/workflow`.
 */
export async function workflowOf(
  { options, inline, tenant }: { options: AppOptions; inline: InlineWorkflows; tenant: string },
  workflow: StartRun['workflow'],
): Promise<WorkflowRef> {
  if (typeof workflow === 'string') return refOf(options, { tenant, name: workflow });
  const version = WorkflowVersion.safeParse(workflow);
  if (version.success) return refOf(options, { tenant, ...version.data });
  return inline.refOf({ tenant, document: workflow }, (pointer) => `/workflow${pointer}`);
}

type Wanted = { tenant: string; name: string; version?: number };

async function refOf({ queries }: AppOptions, wanted: Wanted): Promise<WorkflowRef> {
  const stored = await queries.workflows.load(wanted);
  if (stored) return stored.ref;
  const which = wanted.version === undefined ? '' : `version ${wanted.version} of `;
  const message = `there is no ${which}workflow ${JSON.stringify(wanted.name)}`;
  throw new AppError('not_found', message, { errors: [{ code: 'missing_reference', pointer: '/workflow', message }] });
}

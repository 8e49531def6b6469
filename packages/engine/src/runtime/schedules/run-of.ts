/** The run that a firing of a schedule becomes. */
import { AppError } from '@weft/contract';
import type { Json, JsonObject, RunTrigger } from '@weft/contract';

import { ExpressionError } from '../../domain/expression/expression-error.ts';
import { compileTemplate } from '../../domain/expression/template.ts';
import { contentHash } from '../../domain/content-hash.ts';
import { priorityLevel } from '../../domain/graph/priority.ts';
import type { FireRecord, ScheduleDefinition, ScheduleRecord } from '../../ports/index.ts';
import type { EngineDeps } from '../deps.ts';
import { toInstant } from '../queries/instant.ts';
import type { RunToStart } from '../start-runs.ts';

type RunOfDeps = Pick<EngineDeps, 'workflows'>;

/** Throws AppError `not_found` where the workflow is gone, `invalid_input` where its input cannot be rendered. */
export async function runOf(
  deps: RunOfDeps,
  schedule: ScheduleRecord,
  fire: FireRecord,
): Promise<RunToStart & { fire: object }> {
  const { id, tenant, name, definition } = schedule;
  const workflow = await workflowOf(deps, tenant, definition.workflow);
  const trigger: RunTrigger = { schedule: name, scheduledFor: toInstant(fire.instant), kind: fire.kind };
  const { input, config } = rendered(definition, trigger);
  const key = `schedule:${id}:${trigger.scheduledFor}`;
  return {
    workflow,
    input,
    config,
    priority: definition.priority === null ? null : priorityLevel(definition.priority),
    tags: [...definition.tags, `schedule:${name}`],
    ...(definition.budget && { budget: definition.budget }),
    key: definition.key,
    idempotency: { key, payloadHash: contentHash(key) },
    fire: { scheduleId: id, instant: fire.instant, trigger },
  };
}

/** The version that is named, or the latest. */
export async function workflowOf(
  { workflows }: RunOfDeps,
  tenant: string,
  { name, version }: ScheduleDefinition['workflow'],
) {
  const stored = await workflows.load({ tenant, name, ...(version !== null && { version }) });
  if (stored) return stored.ref;
  const message = `there is no ${version === null ? '' : `version ${version} of `}workflow ${JSON.stringify(name)}`;
  throw new AppError('not_found', message, { errors: [{ code: 'missing_reference', pointer: '/workflow', message }] });
}

/** The input is a template over `config`, in which `trigger` says what has fired. Throws AppError `invalid_input`. */
export function rendered(
  { input, config }: Pick<ScheduleDefinition, 'input' | 'config'>,
  trigger: RunTrigger,
): { input: Json; config: JsonObject } {
  const full = { ...config, trigger };
  try {
    const template = compileTemplate(input);
    const foreign = template.references.find(({ root }) => root !== 'config');
    if (foreign)
      throw new ExpressionError('bad_template', `the input of a schedule sees config, and no ${foreign.root}`);
    return { input: template.render({ input: null, state: {}, nodes: {}, config: full }), config: full };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const item = { code: error.code, pointer: `/input${error.pointer}`, message: error.message };
    throw new AppError('invalid_input', 'the input of the schedule cannot be rendered', {
      errors: [item],
      cause: error,
    });
  }
}

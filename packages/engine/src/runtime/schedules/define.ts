/** From what a request says to a schedule as it is kept, with everything checked that can be checked now. */
import { AppError } from '@weft/contract';
import type { ReplaceSchedule, ScheduleSpec } from '@weft/contract';

import { openTimetable } from '../../domain/schedules/timetable.ts';
import type { Timetable } from '../../domain/schedules/timetable.ts';
import type { ScheduleDefinition } from '../../ports/index.ts';
import type { EngineDeps } from '../deps.ts';
import type { GraphCache } from '../graph-cache.ts';
import { toInstant } from '../queries/instant.ts';
import { rendered, workflowOf } from './run-of.ts';

const HOUR_MS = 3_600_000;

export function definitionOf(body: ReplaceSchedule, key: string | null): ScheduleDefinition {
  const { workflow } = body;
  return {
    description: body.description ?? null,
    spec: body.spec,
    workflow: typeof workflow === 'string' ? { name: workflow, version: null } : workflow,
    input: body.input ?? {},
    config: body.config ?? {},
    priority: body.priority ?? null,
    tags: body.tags ?? [],
    budget: body.budget ?? null,
    overlap: body.overlap ?? 'skip',
    catchUpMs: body.catchUpMs ?? HOUR_MS,
    pauseAfterFailures: body.pauseAfterFailures ?? null,
    key,
  };
}

/** Throws AppError `invalid_request` with the place of what is wrong; `prefix`: where the spec stands. */
export function checkedTimetable(spec: ScheduleSpec, prefix = '/spec'): Timetable {
  const timetable = openTimetable(spec);
  if (!('problem' in timetable)) return timetable;
  const { code, pointer, message } = timetable.problem;
  throw wrong({ code, pointer: `${prefix}${pointer}`, message });
}

type CheckDeps = Pick<EngineDeps, 'workflows' | 'inputs'> & { graphs: GraphCache };

/** Gives the first instant. Throws `invalid_request`, `not_found` (the workflow), `invalid_input` (for the first instant). */
export async function checkDefinition(
  deps: CheckDeps,
  { tenant, name, now }: { tenant: string; name: string; now: number },
  definition: ScheduleDefinition,
): Promise<{ timetable: Timetable; first: number }> {
  const { spec, config } = definition;
  const timetable = checkedTimetable(spec);
  const first = timetable.next(now);
  if (first === null) throw wrong(neverFires(spec));
  if (Object.hasOwn(config, 'trigger'))
    throw wrong({
      code: 'invalid_value',
      pointer: '/config/trigger',
      message: 'this key says what the run was started by',
    });
  const graph = await deps.graphs.load(await workflowOf(deps, tenant, definition.workflow));
  const { input } = rendered(definition, { schedule: name, scheduledFor: toInstant(first), kind: 'schedule' });
  const errors = await deps.inputs.check(graph.document.input, input);
  if (errors.length > 0)
    throw new AppError('invalid_input', 'the input does not match the schema of the workflow', {
      errors,
    });
  return { timetable, first };
}

function neverFires({ at, cron }: ScheduleSpec) {
  if (at !== undefined)
    return {
      code: 'never_fires',
      pointer: '/spec/at',
      message: 'this instant has passed, or does not lie between startAt and endAt',
    };
  const pointer = cron === undefined ? '/spec/endAt' : '/spec/cron';
  return { code: 'never_fires', pointer, message: 'no instant of it is to come' };
}

function wrong(item: { code: string; pointer: string; message: string }): AppError {
  return new AppError('invalid_request', `the schedule is not valid: ${item.message}`, { errors: [item] });
}

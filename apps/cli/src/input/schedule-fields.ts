/** A schedule, put together from options. */
import type { JsonObject, OverlapPolicy, Priority, ReplaceSchedule, ScheduleSpec } from '@weft/contract';

import { parseInput } from './parse-input.ts';
import { readInputFile } from './read-input-file.ts';
import { workflowOfArgument } from './workflow-argument.ts';

export type SpecOptions = {
  cron?: string;
  timeZone?: string;
  every?: number;
  offset?: number;
  at?: string;
  start?: string;
  end?: string;
  maxRuns?: number;
  jitter?: number;
};

export type ScheduleOptions = SpecOptions & {
  set: string[];
  input?: string;
  config: string[];
  overlap?: OverlapPolicy;
  catchUp?: number;
  pauseAfterFailures?: number;
  priority?: Priority;
  tag: string[];
  description?: string;
  paused: boolean;
  replace: boolean;
};

export function specOf(options: SpecOptions): ScheduleSpec {
  const { cron, timeZone, every, offset, at, start, end, maxRuns, jitter } = options;
  return {
    ...(cron !== undefined && { cron }),
    ...(timeZone !== undefined && { timeZone }),
    ...(every !== undefined && { everyMs: every }),
    ...(offset !== undefined && { offsetMs: offset }),
    ...(at !== undefined && { at }),
    ...(start !== undefined && { startAt: start }),
    ...(end !== undefined && { endAt: end }),
    ...(maxRuns !== undefined && { maxRuns }),
    ...(jitter !== undefined && { jitterMs: jitter }),
  };
}

/** Throws CliError. */
export async function scheduleOf(argument: string, options: ScheduleOptions): Promise<ReplaceSchedule> {
  const { name, version } = workflowOfArgument(argument);
  const { overlap, catchUp, pauseAfterFailures, priority, tag, description } = options;
  const base = options.input === undefined ? undefined : await readInputFile(options.input);
  const input = parseInput(options.set, base);
  const config = parseInput(options.config, undefined, '--config') as JsonObject | undefined;
  return {
    spec: specOf(options),
    workflow: version === undefined ? name : { name, version },
    ...(input !== undefined && { input }),
    ...(config !== undefined && { config }),
    ...(overlap !== undefined && { overlap }),
    ...(catchUp !== undefined && { catchUpMs: catchUp }),
    ...(pauseAfterFailures !== undefined && { pauseAfterFailures }),
    ...(priority !== undefined && { priority }),
    ...(tag.length > 0 && { tags: tag }),
    ...(description !== undefined && { description }),
  };
}

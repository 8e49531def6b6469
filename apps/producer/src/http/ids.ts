import { AppError } from '@weft/contract';
import { z } from 'zod';

/** The path of everything that has an id. Any text is taken here: what is no UUID simply names nothing. */
export const IdParams = z.object({ id: z.string().meta({ format: 'uuid' }) });

/** A key stays taken for its seven days: what it has started has taken effect, though nothing of that is left to be shown. */
export function deletedRun(id: string): AppError {
  return new AppError(
    'not_found',
    `run ${id}, which this request has started before, was deleted; another key starts anew`,
  );
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** The id in its canonical form. Throws AppError `not_found` for what can be nobody's id. */
export function asId(kind: 'run' | 'task' | 'key' | 'callback' | 'delivery', text: string): string {
  if (!UUID.test(text))
    throw new AppError('not_found', `there is no ${kind} ${JSON.stringify(text.slice(0, 100))}; an id is a UUID`);
  return text.toLowerCase();
}

/** What is said not to be there: retention may have deleted it. */
export const SUCH_RUN = 'such run; if there was one, it has been deleted';

/** The value, or AppError `not_found` where there is none. */
export function found<T>(value: T | null, what: string): T {
  if (value === null) throw new AppError('not_found', `there is no ${what}`);
  return value;
}

/** The path of a step of a run. Any text is taken here: what is no number of a step names nothing. */
export const StepParams = IdParams.extend({ step: z.string().meta({ description: 'The number of a step' }) });

const STEP = /^[1-9]\d{0,8}$/;

/** The number. Throws AppError `not_found` for what can be no step's number. */
export function asStep(text: string): number {
  if (!STEP.test(text)) throw new AppError('not_found', 'there is no such step; steps are numbered from 1');
  return Number(text);
}

import { AppError } from '@weft/contract';
import { z } from 'zod';

/** The path of everything that has an id. Any text is taken here: what is no UUID simply names nothing. */
export const IdParams = z.object({ id: z.string().meta({ format: 'uuid' }) });

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** The id in its canonical form. Throws AppError `not_found` for what can be nobody's id. */
export function asId(kind: 'run' | 'task', text: string): string {
  if (!UUID.test(text)) throw new AppError('not_found', `there is no ${kind} with this id; an id is a UUID`);
  return text.toLowerCase();
}

/** The value, or AppError `not_found` where there is none. */
export function found<T>(value: T | null, what: string): T {
  if (value === null) throw new AppError('not_found', `there is no ${what}`);
  return value;
}

/** Priorities by name and by number. */
import type { Priority } from '../run/records.ts';

const PRIORITIES = { critical: 0, high: 1, normal: 2, low: 3 } as const;

/** The number that stands for a named priority. */
export function priorityLevel(name: keyof typeof PRIORITIES): Priority {
  return PRIORITIES[name];
}

export function priorityName(level: Priority): keyof typeof PRIORITIES {
  return (['critical', 'high', 'normal', 'low'] as const)[level];
}

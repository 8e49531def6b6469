import { sha256 } from '../sha256.ts';
import type { Timetable } from './timetable.ts';

/**
 * When an instant is started: up to `jitterMs` later, always the same for one schedule and instant, and never after the
 * instant that follows.
 */
export function dueOf(
  { next }: Pick<Timetable, 'next'>,
  { id, jitterMs }: { id: string; jitterMs: number },
  instantMs: number,
): number {
  if (jitterMs === 0) return instantMs;
  const following = next(instantMs);
  const room = following === null ? jitterMs : Math.min(jitterMs, following - instantMs - 1);
  return instantMs + Math.floor(fraction(`${id} ${instantMs}`) * (room + 1));
}

/** Instants from `from` to `to`, both included; null if there are more than `most`. */
export function instantsBetween(
  { next }: Pick<Timetable, 'next'>,
  { from, to, most }: { from: number; to: number; most: number },
): number[] | null {
  const instants: number[] = [];
  let instant = next(from - 1);
  while (instant !== null && instant <= to) {
    if (instants.length === most) return null;
    instants.push(instant);
    instant = next(instant);
  }
  return instants;
}

/** The next `count` instants after this one. */
export function nextInstants({ next }: Pick<Timetable, 'next'>, afterMs: number, count: number): number[] {
  const instants: number[] = [];
  let instant = next(afterMs);
  while (instant !== null && instants.length < count) {
    instants.push(instant);
    instant = next(instant);
  }
  return instants;
}

/** In [0, 1), by a hash. */
function fraction(text: string): number {
  const [a = 0, b = 0, c = 0, d = 0] = sha256(text);
  return (a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d) / 2 ** 32;
}

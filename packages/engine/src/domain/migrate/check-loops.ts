/** Loops that have been taken: what has begun must be counted in the same iteration by both versions (rule B4). */
import { iterationOf } from '../run/iterations.ts';
import { rootOf } from '../task-key.ts';
import type { Misfit, Move } from './misfit.ts';
import { nodePointer } from './misfit.ts';

export function loopMisfits({ from, to, progress }: Move): Misfit[] {
  const { jumps } = progress.head;
  if (!jumps) return [];
  const begun = new Set([...progress.tasks.keys(), ...progress.joins.keys()].map((key) => rootOf(key).node));
  const moved = Array.from(begun).filter(
    (name) => to.nodes.has(name) && iterationOf(from, jumps, name) !== iterationOf(to, jumps, name),
  );
  const heads = Object.keys(jumps.heads).join(', ');
  return moved.map((name) => {
    const message = `a loop (to ${heads}) has begun, and the new version changes whether it runs ${name} again`;
    return { code: 'loop_changed', pointer: nodePointer(name), message };
  });
}

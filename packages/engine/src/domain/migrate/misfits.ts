/**
 * Whether a run can go on by another version of its workflow: the version that it has followed, the new one, and how far it has
 * come. Pure, and of any checkpoint, so that a live run, a dry run and a fork are judged by the same rules.
 *
 * The promise is that a run which fits goes on as the new version says, and neither hangs nor breaks the engine: every edge that
 * has ended was counted where the new version counts it, and every node that has not begun can still begin.
 */
import { edgeMisfits } from './check-edges.ts';
import { loopMisfits } from './check-loops.ts';
import { stateMisfits } from './check-state.ts';
import { taskMisfits } from './check-tasks.ts';
import type { Misfit, Move } from './misfit.ts';

/** Everything that does not fit, each place once; nothing where the run can move. */
export function misfits(move: Move): Misfit[] {
  const mode = modeMisfit(move);
  if (mode) return [mode];
  const loops = loopMisfits(move);
  const found = [...taskMisfits(move), ...loops, ...stateMisfits(move)];
  // Where iterations are counted otherwise, nothing can be said of the edges.
  const all = loops.length > 0 ? found : [...found, ...edgeMisfits(move)];
  const seen = new Set<string>();
  return all.filter(({ code, pointer, message }) => {
    const name = `${code} ${pointer} ${message}`;
    const isNew = !seen.has(name);
    seen.add(name);
    return isNew;
  });
}

/** What is counted between the barriers of a superstep is not looked at here, so such a run stays with its version. */
function modeMisfit({ from, to }: Move): Misfit | null {
  const [was, is] = [from.document.mode ?? 'dataflow', to.document.mode ?? 'dataflow'];
  if (was !== is) {
    const message = `the new version runs in mode ${is}, and a run that has begun cannot change its mode`;
    return { code: 'mode_changed', pointer: '/mode', message };
  }
  if (was !== 'superstep') return null;
  const message = 'a run in mode superstep cannot move to another version; start a new run';
  return { code: 'mode_unsupported', pointer: '/mode', message };
}

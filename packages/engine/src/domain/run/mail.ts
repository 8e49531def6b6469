/** Messages to a run from outside its own transactions (rule A10). */
import { cancelRun } from './end-run.ts';
import { NeedsMore } from './reads.ts';
import type { Mail } from './records.ts';
import { retryRun } from './retry-run.ts';
import type { WorkingRun } from './working-run.ts';

export function takeMail(run: WorkingRun, { kind, payload }: Mail): void {
  switch (kind) {
    case 'cancel':
      if (!run.hasEnded) cancelRun(run, reasonOf(payload));
      return;
    case 'retry':
      if (run.head.status === 'failed') reopen(run);
      return;
    case 'close':
    case 'start':
      return;
    case 'answer':
    case 'inject':
    case 'signal':
    case 'child_ended':
    case 'child_asks':
    case 'child_runs':
      throw new Error(`the run cannot deal with mail of kind ${kind}`);
    default:
      kind satisfies never;
  }
}

/**
 * Ids of the mail that is dealt with. The wish to close an ended run's tasks stays until the store has closed them all,
 * window by window; it is void once the run goes on.
 */
export function consumedMail({ snapshot, hasEnded }: WorkingRun): string[] {
  return snapshot.mail.filter(({ kind }) => kind !== 'close' || !hasEnded).map(({ id }) => id);
}

function reasonOf({ reason }: Mail['payload']): string {
  return typeof reason === 'string' ? reason : 'cancelled';
}

function reopen(run: WorkingRun): void {
  if (!run.snapshot.reads.everything) throw new NeedsMore({ everything: true });
  retryRun(run);
}

/**
 * A run as a stream: every journal step after a given one, in order and without a gap, then what comes, until the run has
 * ended. The bus only wakes the reader; what is told comes from the journal, so a lost notice costs time, never a step.
 */
import { AppError } from '@weft/contract';
import type { Event } from '@weft/contract';

import { TERMINAL_RUN } from '../../domain/run/records.ts';
import type { RunStatus } from '../../domain/run/records.ts';
import type { Clock, EventBus } from '../../ports/index.ts';
import { toInstant } from './instant.ts';
import { openInbox } from './notice-inbox.ts';
import type { LiveNotice } from './notice-inbox.ts';
import type { QueryDeps } from './query-deps.ts';
import { openJournal } from './step-events.ts';
import type { StreamMode } from './step-events.ts';

export type StreamDeps = Pick<QueryDeps, 'reader' | 'loadGraph'> & {
  bus: EventBus;
  clock: Pick<Clock, 'after' | 'now'>;
};

export type StreamRequest = {
  tenant: string;
  runId: string;
  /** The last step that is known already. */
  afterStep: number;
  modes: ReadonlySet<StreamMode>;
  /** Ends the stream. */
  signal: AbortSignal;
};

/**
 * `events` are all of one step, or one that stands between steps: once they are taken, the step is known. `gap`: events
 * between steps were left out, because they came faster than they were taken; steps never are.
 */
export type StreamItem =
  | { kind: 'events'; events: Event[] }
  | { kind: 'gap' }
  | { kind: 'end'; runId: string; step: number; status: RunStatus };

/** How long a step stays untold that no notice told of. */
const POLL_MS = 2000;

/** The stream of a run that exists. Reads no further ahead than its consumer takes. */
export async function* runEvents(deps: StreamDeps, request: StreamRequest): AsyncGenerator<StreamItem, void> {
  // Subscribed before the first read: what is committed after that read rings.
  const inbox = openInbox(deps.bus, request);
  try {
    const journal = await openJournal(deps, request);
    const numbers = new LiveNumbers();
    let mayHaveEnded = true;
    while (!request.signal.aborted) {
      if (inbox.takeDropped()) yield { kind: 'gap' };
      for (const notice of inbox.takeLive()) yield live(deps, notice, numbers.after(journal.step));
      const { told, more, runChanged } = await journal.read();
      for (const events of told) yield { kind: 'events', events };
      mayHaveEnded ||= runChanged || inbox.takeEnded();
      if (more) continue;
      const end = mayHaveEnded ? await endOf(deps, request, journal.step) : null;
      if (end === 'behind') continue;
      if (end) return yield end;
      // No notice is needed for the end: the step that ends a run says so itself.
      mayHaveEnded = false;
      await inbox.alarm.wait(deps.clock, POLL_MS, request.signal);
    }
  } finally {
    inbox.close();
  }
}

/** The end, if the run has ended and all of its journal was told; `behind` if there is more to read. */
async function endOf(
  { reader }: StreamDeps,
  { tenant, runId }: StreamRequest,
  told: number,
): Promise<StreamItem | 'behind' | null> {
  const head = (await reader.run(tenant, runId))?.head;
  if (!head) throw new AppError('not_found', `run ${runId} was deleted meanwhile`);
  if (head.step > told) return 'behind';
  return TERMINAL_RUN.has(head.status) ? { kind: 'end', runId, step: told, status: head.status } : null;
}

/** Numbers what comes between two steps: 1, 2, 3 after each step. */
class LiveNumbers {
  #step = -1;
  #n = 0;

  after(step: number): { step: number; n: number } {
    this.#n = this.#step === step ? this.#n + 1 : 1;
    this.#step = step;
    return { step, n: this.#n };
  }
}

function live({ clock }: StreamDeps, notice: LiveNotice, place: { step: number; n: number }): StreamItem {
  const { runId, type, data } = notice;
  return { kind: 'events', events: [{ runId, ...place, mode: 'tasks', type, at: toInstant(clock.now()), data }] };
}

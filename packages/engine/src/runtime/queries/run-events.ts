/**
 * A run as a stream: every journal step after a given one, in order and without a gap, with the live events between them,
 * then what comes, until the run has ended. The bus only wakes the reader; what is told comes from the journal and from the
 * live log, so a lost notice costs time, never a step. However many watch a run, it is read once.
 */
import type { EventMode } from '@weft/contract';

import { TERMINAL_RUN } from '../../domain/run/records.ts';
import type { Known, StepEvents } from './journal-page.ts';
import { LiveCursor } from './live-cursor.ts';
import { openInbox } from './notice-inbox.ts';
import { SharedRuns } from './shared-run.ts';
import type { SharedRun } from './shared-run.ts';
import type { RunStreams, StreamDeps, StreamItem, StreamRequest } from './run-stream.ts';

/** Modes with events that stand between steps. */
const LIVE_MODES: readonly EventMode[] = ['tasks', 'custom', 'messages'];

/** How long a step stays untold that no notice told of. */
const POLL_MS = 2000;

/** One for a process, so that all its listeners of a run share what is read of it. */
export function createRunStreams(deps: StreamDeps): RunStreams {
  const runs = new SharedRuns(deps);
  return async function* stream(request) {
    const { shared, leave } = runs.take(request);
    try {
      yield* runEvents(deps, shared, request);
    } finally {
      leave();
    }
  };
}

async function* runEvents(
  { bus, clock }: StreamDeps,
  shared: SharedRun,
  request: StreamRequest,
): AsyncGenerator<StreamItem, void> {
  const { modes, signal } = request;
  const wantsLive = LIVE_MODES.some((mode) => modes.has(mode));
  // Subscribed before the first read: what is committed after that read rings.
  const inbox = openInbox(bus, { runId: request.runId, wantsLive });
  try {
    const journal = new JournalReader(shared, request);
    const live = wantsLive ? new LiveCursor(shared, clock, request) : null;
    let mayHaveEnded = true;
    while (!signal.aborted) {
      const { told, more, runChanged } = await journal.read();
      if (live) yield* live.tell(told, journal.step);
      else for (const { events } of told) if (events.length > 0) yield { kind: 'events', events };
      mayHaveEnded ||= runChanged || inbox.takeEnded();
      if (more) continue;
      const end = mayHaveEnded ? await endOf(shared, request, journal.step) : null;
      if (end === 'behind') continue;
      if (end) return yield end;
      // No notice is needed for the end: the step that ends a run says so itself.
      mayHaveEnded = false;
      await inbox.alarm.wait(clock, POLL_MS, signal);
    }
  } finally {
    inbox.close();
  }
}

/** Reads the journal on from where it was, and carries along what is known of the run. */
class JournalReader {
  readonly #shared: SharedRun;
  readonly #modes: ReadonlySet<EventMode>;
  #known: Known | null = null;
  /** The last step that was read. */
  step: number;

  constructor(shared: SharedRun, { after, modes }: StreamRequest) {
    this.#shared = shared;
    this.#modes = modes;
    this.step = after.step;
  }

  /** The next steps, and whether one of them changed the run itself. */
  async read(): Promise<{ told: StepEvents[]; more: boolean; runChanged: boolean }> {
    const page = await this.#shared.page(this.step);
    if (page.steps.length === 0) return { told: [], more: false, runChanged: false };
    const { told, known } = await page.tell(this.#modes, this.#known);
    this.#known = known;
    this.step = page.lastStep;
    return { told, more: page.more, runChanged: page.runChanged };
  }
}

/** The end, if the run has ended and all of its journal was told; `behind` if there is more to read. */
async function endOf(shared: SharedRun, { runId }: StreamRequest, told: number): Promise<StreamItem | 'behind' | null> {
  const { step, status } = await shared.headline();
  if (step > told) return 'behind';
  return TERMINAL_RUN.has(status) ? { kind: 'end', runId, step: told, status } : null;
}

/** One run's share of a settle: what to load, and the machine's decision with what is offered of it. */
import type { Graph } from '../domain/graph/graph.ts';
import { decide, failForEngineError } from '../domain/run/decide.ts';
import type { RunEvent, Verdict } from '../domain/run/decide.ts';
import { addSettleReads, noReads } from '../domain/run/reads.ts';
import type { Decision, RunSnapshot } from '../domain/run/records.ts';
import type { Log, Plan, RunChange } from '../ports/index.ts';
import type { Offering } from './admission.ts';
import { messagesOf } from './messages.ts';

export type RunToDecide = {
  runId: string;
  events: readonly RunEvent[];
  graph: Graph;
  /** The run as it is believed to be, if it is. */
  remembered: RunSnapshot | null;
};

export function decideRun(
  { offering, log }: { offering: Offering; log: Log },
  { runId, events, graph, remembered }: RunToDecide,
): RunChange {
  const reads = noReads();
  for (const event of events) {
    if (event.type === 'advance') reads.inline = true;
    else addSettleReads(reads, graph, event.key);
  }
  return {
    runId,
    // Left-over inline nodes are looked for by reading only.
    remembered: reads.inline ? null : remembered,
    reads,
    decide(view) {
      const verdict = decideSafely(log, graph, { ...view, events });
      if (verdict.kind === 'needs') return verdict;
      return { kind: 'planned', plan: planOf(offering, verdict.decision) };
    },
  };
}

/** Chooses which of the ready tasks are offered in the commit that readies them (rule A1). */
export function planOf(offering: Offering, decision: Decision): Plan {
  const offered = messagesOf(decision).filter((message) => offering.mayOffer(message));
  return { decision, offered: new Set(offered.map(({ key }) => key)) };
}

type View = { snapshot: RunSnapshot; now: number; events: readonly RunEvent[] };

/** A run whose step the engine cannot compute fails alone (rule A11). */
function decideSafely(log: Log, graph: Graph, view: View): Verdict {
  try {
    return decide(graph, view);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    log.error({ err: error, runId: view.snapshot.head.id }, 'the engine could not compute a step');
    return { kind: 'decided', decision: failForEngineError(graph, { ...view, message }) };
  }
}

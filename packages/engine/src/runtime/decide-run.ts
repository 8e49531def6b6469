/** One run's share of a settle: what to load, and the machine's decision with what is offered of it. */
import type { Graph } from '../domain/graph/graph.ts';
import { decide, failForEngineError } from '../domain/run/decide.ts';
import type { RunEvent, Verdict } from '../domain/run/decide.ts';
import { addSettleReads, noReads } from '../domain/run/reads.ts';
import type { Decision, RunSnapshot } from '../domain/run/records.ts';
import type { Log, Plan, RunChange } from '../ports/index.ts';
import type { Offering } from './admission.ts';
import { toMessage } from './messages.ts';

export function decideRun(
  { offering, log }: { offering: Offering; log: Log },
  { runId, events, graph }: { runId: string; events: readonly RunEvent[]; graph: Graph },
): RunChange {
  const reads = noReads();
  for (const event of events) {
    if (event.type === 'advance') reads.inline = true;
    else addSettleReads(reads, graph, event.key.slice(0, event.key.lastIndexOf('#')));
  }
  return {
    runId,
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
  const offered = decision.ready.filter((task) => offering.mayOffer(toMessage(decision.head, task)));
  return { decision, offered: new Set(offered.map((task) => task.key)) };
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

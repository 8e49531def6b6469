/** One run's share of a settle: what to load, and the machine's decision with what is offered of it. */
import type { Graph } from '../domain/graph/graph.ts';
import { decide, failForEngineError } from '../domain/run/decide.ts';
import type { DecideView, RunEvent, Verdict } from '../domain/run/decide.ts';
import { addSettleReads, noReads } from '../domain/run/reads.ts';
import type { Decision, RunSnapshot, WorkflowRef } from '../domain/run/records.ts';
import type { Log, Plan, RunChange } from '../ports/index.ts';
import type { Offering } from './admission.ts';
import { messagesOf } from './messages.ts';

export type RunToDecide = {
  runId: string;
  events: readonly RunEvent[];
  /** The version that the run is believed to follow, and others that it may follow or move to; null: there is no such version. */
  graph: Graph;
  versions: ReadonlyMap<number, Graph | null>;
  /** The run as it is believed to be, if it is. */
  remembered: RunSnapshot | null;
};

export function decideRun(
  { offering, log }: { offering: Offering; log: Log },
  { runId, events, graph, versions, remembered }: RunToDecide,
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
      const { workflow } = view.snapshot.head;
      const wanted = otherVersions(view.snapshot);
      const current = isOf(graph, workflow) ? versions.get(workflow.version) : null;
      if (!current || wanted.some((version) => !versions.has(version)))
        return { kind: 'lacks', workflow, versions: [workflow.version, ...wanted] };
      const others = wanted.length > 0 ? { versions: existing(versions) } : {};
      const verdict = decideSafely(log, current, { ...view, events, ...others });
      if (verdict.kind === 'needs') return verdict;
      return { kind: 'planned', plan: planOf(offering, verdict.decision) };
    },
  };
}

/** Whoever wrote the message of a task may have lied about whose run it is. */
function isOf({ ref }: Graph, { tenant, name }: WorkflowRef): boolean {
  return ref.tenant === tenant && ref.name === name;
}

/** The versions that mail asks the run to move to, and the one that it goes back to; nearly always there is none. */
function otherVersions({ mail, branch }: RunSnapshot): number[] {
  const asked = mail.filter(({ kind }) => kind === 'migrate').map(({ payload }) => payload['version'] as number);
  return branch?.version ? [...asked, branch.version] : asked;
}

function existing(versions: RunToDecide['versions']): ReadonlyMap<number, Graph> {
  const found = Array.from(versions).flatMap(([version, graph]) => (graph ? [[version, graph] as const] : []));
  return new Map(found);
}

/** Chooses which of the ready tasks are offered in the commit that readies them (rule A1). */
export function planOf(offering: Offering, decision: Decision): Plan {
  const offered = messagesOf(decision).filter((message) => offering.mayOffer(message));
  return { decision, offered: new Set(offered.map(({ key }) => key)) };
}

/** A run whose step the engine cannot compute fails alone (rule A11). */
function decideSafely(log: Log, graph: Graph, view: DecideView): Verdict {
  try {
    return decide(graph, view);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    log.error({ err: error, runId: view.snapshot.head.id }, 'the engine could not compute a step');
    return { kind: 'decided', decision: failForEngineError(graph, { ...view, message }) };
  }
}

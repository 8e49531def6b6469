/** One look at the mesh, and what follows from it for the number of workers. */
import { decideScaling, SCALING_RULES } from '../../domain/scaling/decide-scaling.ts';
import type { ScalingMemory, ScalingRules } from '../../domain/scaling/decide-scaling.ts';
import { demandScore, healthBand, healthScore } from '../../domain/scaling/demand.ts';
import type { ScalingDecision, ScalingEventRecord } from '../../ports/index.ts';
import { readWork } from './read-work.ts';
import type { WorkDeps } from './read-work.ts';
import { adviceFor, nodesOf, workersAt } from './worker-nodes.ts';

export type JudgeRequest = {
  slaMs: number;
  /** Of these lanes only, and the workers that serve them; null: of all. */
  lanes: readonly string[] | null;
  before: ScalingMemory | null;
  rules?: ScalingRules;
  /** Epoch ms of the store. */
  now: number;
  /** How many workers there are of those that may be added and taken away; left out: all. */
  workers?: number;
};

export type Judgement = { decision: ScalingDecision; memory: ScalingMemory };

const SILENT_MS = 10_000;

export async function judge(deps: WorkDeps, request: JudgeRequest): Promise<Judgement> {
  const { slaMs, lanes, before, rules = SCALING_RULES, now } = request;
  const [work, fleet] = await Promise.all([readWork(deps, { tenant: null, lanes }), deps.fleet.list()]);
  const workers = workersAt(fleet, lanes);
  const nodes = nodesOf(workers, { now, silentMs: SILENT_MS });
  const { queueDepth, heldBack, avgLatencyMs } = work;
  // Nobody there is no illness where there is nothing to do, or where they are just being started.
  const isAwaited = queueDepth > 0 && !request.workers;
  const score = nodes.total === 0 && !isAwaited ? 1 : healthScore(nodes);
  const figures = { demandScore: demandScore({ queueDepth, avgLatencyMs, slaMs }), healthScore: score };
  const verdict = decideScaling({ ...figures, workers: request.workers ?? nodes.total, now }, before, rules);
  const { memory, action, wanted, reason, workersWanted } = verdict;
  const decision: ScalingDecision = {
    action,
    wanted,
    reason,
    ...figures,
    queueDepth,
    heldBack,
    avgLatencyMs,
    slaMs,
    health: healthBand(score),
    activeNodes: nodes.active,
    totalNodes: nodes.total,
    workersWanted,
    recommendations: adviceFor(workers).slice(0, MOST_ADVICE),
  };
  return { decision, memory };
}

const MOST_ADVICE = 100;

/** A decision that changes something, for the history. */
export function eventOf(
  {
    action,
    reason,
    demandScore: demand,
    queueDepth,
    avgLatencyMs,
    healthScore: health,
    workersWanted,
  }: ScalingDecision,
  { by, workers }: { by: string; workers: number },
): Omit<ScalingEventRecord, 'at'> {
  const figures = { demandScore: demand, queueDepth, avgLatencyMs, healthScore: health };
  return { by, action, reason, fromWorkers: workers, toWorkers: workersWanted, ...figures };
}

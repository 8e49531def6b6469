import type { Task, TaskStatus } from '@weft/contract';

/** The example whose three handlers are the squad. */
export const WORKFLOW = 'software-squad';

export type Agent = 'architect' | 'developer' | 'qa';

export type SquadCard = {
  key: string;
  runId: string;
  agent: Agent;
  title: string | null;
  status: TaskStatus;
  priority: string;
  /** Epoch ms. */
  since: number;
  tookMs: number | null;
};

const AGENT_OF: Readonly<Record<string, Agent>> = { plan: 'architect', build: 'developer', check: 'qa' };

/** Null for a task of nobody in the squad. */
export function cardOf(task: Task, title: string | null): SquadCard | null {
  const { id, runId, node, status, priority, queuedAt, startedAt, endedAt } = task;
  const agent = AGENT_OF[node];
  if (!agent) return null;
  const since = Date.parse(startedAt ?? queuedAt ?? endedAt ?? '') || 0;
  const tookMs = startedAt !== null && endedAt !== null ? Date.parse(endedAt) - Date.parse(startedAt) : null;
  return { key: id, runId, agent, title, status, priority, since, tookMs };
}

/** What waits, what is at work, and what is over, the newest first. */
export function columnsOf(cards: readonly SquadCard[]) {
  const newest = cards.toSorted((a, b) => b.since - a.since);
  const those = (...statuses: TaskStatus[]) => newest.filter(({ status }) => statuses.includes(status));
  return {
    pending: those('ready', 'pending', 'waiting').toReversed(),
    active: those('running'),
    history: those('succeeded', 'failed', 'cancelled', 'skipped'),
  };
}

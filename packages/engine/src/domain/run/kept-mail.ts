/** Mail that is kept until something asks for it: signals nobody waits for yet, and state injected after a node (rule A10). */
import type { Json, JsonObject } from '@weft/contract';

import { nodeOf, ownerOf } from '../task-key.ts';
import { noReads } from './reads.ts';
import type { Mail, TaskRecord } from './records.ts';
import { refuseUpdates } from './state-updates.ts';
import type { WorkingRun } from './working-run.ts';

/** Keeps a message in the open step. */
export function keep(run: WorkingRun, mail: Mail, topic: string): void {
  run.keptMail.push({ id: mail.id, topic });
  run.note({ mail: mail.id, kept: run.head.kept + 1 });
}

/** The oldest signal of this name that is kept; it is taken in the step that is opened next. Null if there is none. */
export function keptSignal(run: WorkingRun, name: string): Mail | null {
  return keptOf(run, `signal:${name}`)[0] ?? null;
}

/** Says in the open step that a kept message has been dealt with. */
export function take(run: WorkingRun, { id }: Mail): void {
  run.takenMail.push(id);
  run.note({ mail: id, kept: run.head.kept - 1 });
}

/** Applies the state that was to be injected after this node, before anything behind it is armed. */
export function takeInjections(run: WorkingRun, task: TaskRecord): void {
  if (ownerOf(task.key) !== null) return;
  for (const mail of keptOf(run, `after:${nodeOf(task.key)}`)) {
    run.openStep('state_injected', { goesOn: true });
    take(run, mail);
    inject(run, mail.payload['updates'] as JsonObject);
  }
}

/** Writes updates to the state in the open step; what the state cannot take was refused before, and is passed over. */
export function inject(run: WorkingRun, updates: JsonObject): void {
  const entries: [string, Json][] = Object.entries(updates);
  for (const [channel, update] of entries) {
    // In superstep mode an ephemeral update would be gone with the next barrier, which nothing comes before.
    const isSeen = !run.graph.superstep || run.graph.state.get(channel)?.ephemeral !== true;
    if (isSeen && !refuseUpdates(run.graph, [[channel, update]])) run.write(channel, update);
  }
}

/** What is kept under the topic, oldest first, without what this decision has taken. */
function keptOf(run: WorkingRun, topic: string): Mail[] {
  if (run.head.kept === 0) return [];
  const fresh = run.keptMail.filter((kept) => kept.topic === topic).map(({ id }) => id);
  const ours = run.snapshot.mail.filter(({ id }) => fresh.includes(id));
  if (run.head.kept > fresh.length) run.expect({ ...noReads(), kept: new Set([topic]) });
  const stored = run.snapshot.kept.get(topic) ?? [];
  return [...stored, ...ours].filter(({ id }) => !run.takenMail.includes(id));
}

/** What mail is about, asked for at once: many messages take no more rounds of reading than one. */
import { addSettleReads, noReads } from './reads.ts';
import type { Mail } from './records.ts';
import type { WorkingRun } from './working-run.ts';

/** Asks for what the news of children and the signals among the mail will look at. */
export function expectMail(run: WorkingRun): void {
  const { mail } = run.snapshot;
  if (run.hasEnded || mail.length < 2) return;
  const keys = mail.filter(isOfChild).map(({ payload }) => payload['key'] as string);
  const signals = new Set(mail.filter(({ kind }) => kind === 'signal').map(({ payload }) => payload['name']));
  const waiting = signals.size > 0 ? run.waitingTasks() : [];
  for (const { key, detail } of waiting) if (detail?.kind === 'wait' && signals.has(detail.signal)) keys.push(key);
  expectTasks(run, keys);
}

/** Asks for what settling these tasks will look at. */
export function expectTasks(run: WorkingRun, keys: Iterable<string>): void {
  const wanted = noReads();
  for (const key of keys) addSettleReads(wanted, run.graph, key, (name) => run.keyOf(name));
  run.expect(wanted);
}

function isOfChild({ kind }: Mail): boolean {
  return kind === 'child_ended' || kind === 'child_asks' || kind === 'child_runs';
}

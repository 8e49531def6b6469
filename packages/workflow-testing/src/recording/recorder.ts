/** Gathers from the journal what came of attempts, and what reached the run from outside. */
import type { Json, JsonObject, Step, TaskError, WorkflowDocument } from '@weft/contract';
import { canonicalJson, getPath, parsePath } from '@weft/engine/domain';
import type { Facts, TaskFact } from '@weft/engine/domain';

import type { RecordedAttempt, RecordedEvent, Recording } from './format.ts';
import { addOwnUpdates } from './superstep-updates.ts';
import type { Member } from './superstep-updates.ts';

export type Read = { step: Step; facts: Facts; fact: TaskFact | null };

/** Crashes that were the end of a task. */
const CRASHED: ReadonlySet<string> = new Set(['worker_lost', 'poison']);

export class Recorder {
  readonly attempts: Recording['attempts'] = {};
  readonly timers: Recording['timers'] = {};
  readonly events: RecordedEvent[] = [];
  readonly #document: WorkflowDocument;
  readonly #outputs: ReadonlyMap<string, Json>;
  readonly #kept = new Map<string, RecordedEvent>();
  readonly #crashes = new Map<string, number>();
  /** Tasks of a superstep that is under way. */
  readonly #members: Member[] = [];

  constructor(document: WorkflowDocument, outputs: ReadonlyMap<string, Json>) {
    this.#document = document;
    this.#outputs = outputs;
  }

  take(read: Read): void {
    const { step, fact } = read;
    if (step.type === 'superstep') addOwnUpdates(this.#members.splice(0), { ...step, facts: read.facts });
    this.#take(read);
    if (this.#document.mode === 'superstep' && fact?.status === 'succeeded') this.#joins(step.node ?? '', fact.key);
  }

  #take(read: Read): void {
    const { step, fact } = read;
    switch (step.type) {
      case 'task_succeeded':
      case 'task_retried':
      case 'task_failed':
        if (fact) this.#settled(read, fact);
        break;
      case 'timer_fired':
        if (fact) this.#timer(fact.key, step.step);
        break;
      case 'answered':
      case 'signal':
      case 'state_injected':
        this.#mail(read);
        break;
      case 'cancelled':
        this.events.push({ type: 'cancel', step: step.step, reason: '' });
        break;
      case 'retried':
        this.events.push({ type: 'retry', step: step.step });
        break;
      default:
    }
  }

  #settled({ step, facts }: Read, fact: TaskFact): void {
    const { key } = fact;
    const node = this.#document.nodes[step.node ?? ''];
    if (node?.type === 'wait' || node?.type === 'interrupt') {
      // A signal that was kept ends the wait as it begins.
      const kept = this.#kept.get(facts.mail ?? '');
      if (kept?.type === 'signal') kept.payload = this.#outputs.get(key) ?? null;
      else this.#timer(key, step.step);
    }
    if (node?.type !== 'task' && node?.type !== 'subgraph') return;
    const attempt = this.#attemptOf(step, facts, fact);
    if (attempt) (this.attempts[key] ??= []).push(attempt);
  }

  /** Null: the attempt was handed back, which is no end of it. */
  #attemptOf({ step, node = '', updates }: Step, facts: Facts, fact: TaskFact): RecordedAttempt | null {
    const crashesBefore = this.#crashes.get(fact.key) ?? 0;
    const crashes = fact.crashes ?? crashesBefore;
    this.#crashes.set(fact.key, crashes);
    if (fact.status === 'succeeded') {
      const output = this.#outputs.get(fact.key) ?? null;
      const stateUpdates = this.#ownUpdates(node, output, updates ?? {});
      return {
        result: 'succeeded',
        step,
        output,
        ...(stateUpdates && { stateUpdates }),
        ...(facts.goto && { goto: facts.goto }),
      };
    }
    if (fact.error?.code === 'queue_timeout') return { result: 'notTaken', step };
    if (crashes > crashesBefore || CRASHED.has(fact.error?.code ?? '')) return { result: 'crashed', step };
    return fact.error ? { result: 'failed', step, error: causeOf(fact.error) } : null;
  }

  /** A route writes at once; all others of a superstep write together at its end. */
  #joins(name: string, key: string): void {
    const node = this.#document.nodes[name];
    if (!node || node.type === 'route') return;
    const output = this.#outputs.get(key) ?? null;
    const attempt = node.type === 'task' ? (this.attempts[key]?.at(-1) ?? null) : null;
    this.#members.push({ key, derived: derivedUpdates(node, output), attempt });
  }

  /** What the executor itself has written, beside what the document makes of its output. */
  #ownUpdates(name: string, output: Json, updates: JsonObject): JsonObject | null {
    const node = this.#document.nodes[name];
    const derived = node ? derivedUpdates(node, output) : new Map<string, Json>();
    const isOwn = ([channel, update]: [string, Json]): boolean =>
      !derived.has(channel) || canonicalJson(derived.get(channel) ?? null) !== canonicalJson(update);
    const own = Object.entries(updates).filter(isOwn);
    return own.length > 0 ? Object.fromEntries(own) : null;
  }

  /** What is kept has a step when it comes and another, which knows its content, when it is taken. */
  #mail({ step, facts, fact }: Read): void {
    const id = facts.mail ?? '';
    const kept = this.#kept.get(id);
    const at = step.step;
    if (step.type === 'answered' && fact) {
      const value = fact.status === 'succeeded' ? (this.#outputs.get(fact.key) ?? null) : null;
      this.events.push({ type: 'answer', step: at, key: fact.key, value, by: facts.answer?.by ?? null });
    } else if (step.type === 'signal') {
      const payload = fact ? (this.#outputs.get(fact.key) ?? null) : null;
      this.#comes(id, { type: 'signal', step: at, name: facts.signal ?? '', payload });
    } else if (step.type === 'state_injected') {
      if (kept?.type === 'inject') kept.updates = step.updates ?? {};
      else
        this.#comes(id, { type: 'inject', step: at, updates: step.updates ?? {}, afterNode: facts.afterNode ?? null });
    }
  }

  #comes(id: string, event: RecordedEvent): void {
    this.#kept.set(id, event);
    this.events.push(event);
  }

  #timer(key: string, step: number): void {
    (this.timers[key] ??= []).push(step);
  }
}

/** What the document makes of an output. */
function derivedUpdates(node: WorkflowDocument['nodes'][string], output: Json): Map<string, Json> {
  if (node.type === 'transform') return new Map(Object.entries((output ?? {}) as JsonObject));
  const derived = new Map<string, Json>();
  if (node.output !== undefined) derived.set(node.output, output);
  for (const [channel, path] of Object.entries(node.outputMapping ?? {})) {
    const parsed = parsePath(path);
    if (parsed) derived.set(channel, getPath(output, parsed));
  }
  return derived;
}

/** Of a child that has failed, its own error: the parent's is made of it again. */
function causeOf(error: TaskError): TaskError {
  const inner = error.code === 'child_failed' ? error.details?.['error'] : undefined;
  return typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? (inner as unknown as TaskError) : error;
}

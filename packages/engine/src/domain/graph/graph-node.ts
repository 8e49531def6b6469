/** A node, compiled: what a settle follows and a worker runs, with all defaults filled in. */
import type { Join, Json, JsonObject, OnFailure } from '@weft/contract';

import type { RunBudget } from '../budget/payer.ts';
import type { Condition } from '../expression/condition.ts';
import type { Path } from '../expression/path.ts';
import type { Template } from '../expression/template.ts';
import type { RetryRules } from '../retry.ts';
import type { Priority } from '../run/records.ts';
import type { Edge } from './edges.ts';

export type ResolvedRetry = RetryRules & {
  maxAttempts: number;
  onCrash: 'retry' | 'fail';
};

export type GraphNode = {
  name: string;
  type: 'task' | 'route' | 'transform' | 'interrupt' | 'send' | 'subgraph' | 'wait';
  /** The executor; only tasks have one. */
  uses: string | null;
  join: Join;
  /** Edges that count in the join. */
  inDegree: number;
  /**
   * Whether the edges that have ended are counted in a row of its own. A single edge needs no count, unless the node
   * fires however that edge ends: then it must be known that it has fired when the edge ends again in a retried run.
   */
  countsEdges: boolean;
  /** Edges that leave it, those to `__end__` left out, those that lead back included. */
  out: Edge[];
  /** Edges that count in the join, those from `__start__` included. */
  in: Edge[];
  when: Condition | null;
  on: Condition | null;
  /** The values that a route knows, those that lead to the end included. */
  routeValues: ReadonlySet<string>;
  hasDefault: boolean;
  /**
   * What it renders when it begins: `with` or the prompts of a task, `updates` of a transform, `message` of an interrupt, `items` of a send,
   * `input` of a subgraph, `until` of a wait.
   */
  template: Template | null;
  /** What is added to that as it stands, of nodes with a prompt. */
  settings: JsonObject | null;
  /** State keys and nodes that its own expressions read, `when` included; and whether they read `state.__meta`. */
  stateReads: string[];
  resultReads: string[];
  readsMeta: boolean;
  /** Whether a settle that arms or runs it needs the input or the config of the run. A task's own input is rendered by its worker. */
  readsBody: boolean;
  /** What belongs to its type. */
  question: QuestionSpec | null;
  send: SendSpec | null;
  child: ChildSpec | null;
  wait: WaitSpec | null;
  /** Runs when nothing else is left to do. */
  deferred: boolean;
  breaks: { before: boolean; after: boolean };
  /** How often a loop may start it anew; null: as often as `maxSteps` lets it. */
  maxIterations: number | null;
  retry: ResolvedRetry;
  timeoutMs: number;
  queueTimeoutMs: number | null;
  heartbeatMs: number | null;
  /** Null: every task runs its executor. */
  cacheTtlMs: number | null;
  /** What an attempt is said to cost; null: nobody has said. */
  cost: { usd: number; tokens: number } | null;
  lane: string;
  /** The key under which limits count its tasks; null: none. Only tasks have one. */
  limitKey: Template | null;
  /** Null: the run's. */
  priority: Priority | null;
  onFailure: OnFailure;
  output: string | null;
  outputMapping: [channel: string, path: Path][];
};

/** `default`: the answer at expiry; undefined: it fails then. */
export type QuestionSpec = { answerSchema: JsonObject | null; expiresMs: number | null; default: Json | undefined };

export type SendSpec = { target: string; concurrency: number; failsWithItem: boolean };

/** `version`: null for the newest when the child is started. */
export type ChildSpec = {
  workflow: string;
  version: number | null;
  isAbandoned: boolean;
  /** What it may spend at most; null: nothing but what its document says. */
  budget: RunBudget | null;
};

/** Exactly one of `ms`, an instant (rendered), and `signal` is waited for; `timeoutMs` is the signal's. */
export type WaitSpec = {
  ms: number | null;
  signal: string | null;
  timeoutMs: number;
  payloadSchema: JsonObject | null;
};

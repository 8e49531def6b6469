/** One node of a document, resolved: defaults filled in, expressions compiled. */
import type { RetryPolicy, WorkflowDocument, WorkflowNode } from '@weft/contract';

import { compileCondition } from '../expression/condition.ts';
import { parsePath } from '../expression/path.ts';
import type { Reference } from '../expression/scope.ts';
import { compileTemplate, compileUpdates } from '../expression/template.ts';
import type { Template } from '../expression/template.ts';
import type { GraphNode, ResolvedRetry } from './graph-node.ts';
import { priorityLevel } from './priority.ts';
import {
  AGENT_EXECUTOR,
  ENDPOINT_EXECUTOR,
  isPrompted,
  limitKeyOfPrompted,
  promptsOf,
  settingsOf,
} from './prompted.ts';
import type { Wiring } from './wiring.ts';

const DEFAULT_TIMEOUT_MS = 300_000;
const DEFAULT_CONCURRENCY = 1000;
/** A signal that does not come within thirty days is not waited for any longer, unless the node says so. */
const SIGNAL_TIMEOUT_MS = 30 * 24 * 3_600_000;

export type NodeContext = { document: WorkflowDocument; wiring: Wiring; stateKeys: string[]; nodeNames: string[] };

export function compileNode(name: string, node: WorkflowNode, context: NodeContext): GraphNode {
  const { document, wiring } = context;
  const defaults = document.defaults ?? {};
  const when = node.when === undefined ? null : compileCondition(node.when);
  const on = node.type === 'route' ? compileCondition(node.on) : null;
  const template = compileInput(node);
  const limitKey = compileKey(node);
  const isWork = node.type === 'task' || node.type === 'agent';
  const references = [when, on, template, limitKey].flatMap((expression) => expression?.references ?? []);
  const join = node.join ?? defaults.join ?? 'all';
  const inbound = wiring.inbound.get(name) ?? [];
  const deferred = node.defer ?? false;
  return {
    name,
    type: node.type === 'agent' ? 'task' : node.type,
    uses: usesOf(node),
    join,
    inDegree: inbound.length,
    countsEdges: inbound.length > 1 || (inbound.length === 1 && join === 'allDone') || deferred,
    out: wiring.outbound.get(name) ?? [],
    in: inbound,
    when,
    on,
    routeValues: wiring.routeValues.get(name) ?? new Set(),
    hasDefault: wiring.defaults.has(name),
    template,
    settings: isPrompted(node) ? settingsOf(node) : null,
    stateReads: stateReads(references, context.stateKeys),
    resultReads: resultReads(references, context.nodeNames),
    readsBody: node.type === 'subgraph' || readsBody([when, on, isWork ? null : template, limitKey]),
    readsMeta: references.some(({ root, path }) => root === 'state' && path[0] === '__meta'),
    ...ownParts(node),
    deferred,
    breaks: {
      before: document.interruptBefore?.includes(name) ?? false,
      after: document.interruptAfter?.includes(name) ?? false,
    },
    maxIterations: node.maxIterations ?? null,
    retry: resolveRetry({ ...defaults.retry, ...node.retry }),
    timeoutMs: node.timeoutMs ?? defaults.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    queueTimeoutMs: node.queueTimeoutMs ?? defaults.queueTimeoutMs ?? null,
    heartbeatMs: node.heartbeatMs ?? defaults.heartbeatMs ?? null,
    cacheTtlMs: node.cache?.ttlMs ?? null,
    cost: node.cost ? { usd: node.cost.usd ?? 0, tokens: node.cost.tokens ?? 0 } : null,
    lane: laneOf(node, defaults),
    limitKey,
    priority: node.priority === undefined ? null : priorityLevel(node.priority),
    onFailure: node.onFailure ?? defaults.onFailure ?? 'failRun',
    output: node.output ?? null,
    outputMapping: Object.entries(node.outputMapping ?? {}).map(([channel, path]) => [channel, parsePath(path)]),
  };
}

function usesOf(node: WorkflowNode): string | null {
  if (node.type === 'agent') return AGENT_EXECUTOR;
  if (node.type !== 'task') return null;
  return isPrompted(node) ? ENDPOINT_EXECUTOR : (node.uses ?? null);
}

function compileKey(node: WorkflowNode): Template | null {
  if (node.type !== 'task' && node.type !== 'agent') return null;
  if (node.concurrencyKey) return compileTemplate(node.concurrencyKey);
  return isPrompted(node) ? compileTemplate(limitKeyOfPrompted(node)) : null;
}

function compileInput(node: WorkflowNode): Template | null {
  switch (node.type) {
    case 'agent':
    case 'task':
      return compileTemplate(isPrompted(node) ? promptsOf(node) : (node.with ?? {}));
    case 'transform':
      return compileUpdates(node.updates);
    case 'interrupt':
      return compileTemplate(node.message ?? null);
    case 'send':
      return compileTemplate(node.items);
    case 'subgraph':
      return compileTemplate(node.input ?? {});
    case 'wait':
      return compileTemplate(node.until ?? null);
    default:
      return null;
  }
}

type OwnParts = Pick<GraphNode, 'question' | 'send' | 'child' | 'wait'>;

function ownParts(node: WorkflowNode): OwnParts {
  const none: OwnParts = { question: null, send: null, child: null, wait: null };
  switch (node.type) {
    case 'interrupt':
      return { ...none, question: questionOf(node) };
    case 'send': {
      const { target, concurrency = DEFAULT_CONCURRENCY, onItemFailure = 'fail' } = node;
      return { ...none, send: { target, concurrency, failsWithItem: onItemFailure === 'fail' } };
    }
    case 'subgraph': {
      const { name, version } = typeof node.workflow === 'string' ? { name: node.workflow } : node.workflow;
      return {
        ...none,
        child: {
          workflow: name,
          version: version ?? null,
          isAbandoned: node.onParentClose === 'abandon',
          budget: node.budget ? { usd: node.budget.usd ?? null, tokens: node.budget.tokens ?? null } : null,
        },
      };
    }
    case 'wait': {
      const { ms = null, signal = null, timeoutMs = SIGNAL_TIMEOUT_MS, payloadSchema = null } = node;
      return { ...none, wait: { ms, signal, timeoutMs, payloadSchema } };
    }
    default:
      return none;
  }
}

function questionOf({ answerSchema, expiresMs, default: fallback }: Extract<WorkflowNode, { type: 'interrupt' }>) {
  return {
    answerSchema: answerSchema ?? null,
    expiresMs: expiresMs ?? null,
    default: fallback,
  };
}

function resolveRetry(retry: RetryPolicy): ResolvedRetry {
  return {
    maxAttempts: retry.maxAttempts ?? 1,
    initialMs: retry.initialMs ?? 500,
    factor: retry.factor ?? 2,
    maxMs: retry.maxMs ?? 30_000,
    minMs: retry.minMs ?? 0,
    perError: Object.entries(retry.perError ?? {}),
    maxElapsedMs: retry.maxElapsedMs ?? null,
    onCrash: retry.onCrash ?? 'retry',
    retryOn: retry.retryOn ?? null,
    neverOn: retry.neverOn ?? [],
  };
}

/** A handler's tasks have a lane of their own, whatever the node says, so that only workers that have it claim them. */
function laneOf(node: WorkflowNode, defaults: NonNullable<WorkflowDocument['defaults']>): string {
  if (node.type === 'task' && node.uses?.startsWith('handler:')) return node.uses;
  if (node.lane) return node.lane;
  if (defaults.lane) return defaults.lane;
  // Its tags are those of the endpoints that it may go to: any worker can ask them.
  if (isPrompted(node)) return 'default';
  const tags = node.tags ?? defaults.tags ?? [];
  return tags.length > 0 ? Array.from(new Set(tags)).toSorted().join('+') : 'default';
}

/** Whether one of them reads the input or the config of the run. */
export function readsBody(expressions: readonly ({ references: Reference[] } | null)[]): boolean {
  return expressions.some((expression) =>
    expression?.references.some(({ root }) => root === 'input' || root === 'config'),
  );
}

/** The declared keys among the references; the whole state, where an expression picks keys by itself. */
export function stateReads(references: Reference[], declared: string[]): string[] {
  return pick(references, 'state', declared);
}

/** The nodes among the references; all of them, where an expression picks nodes by itself. */
export function resultReads(references: Reference[], names: string[]): string[] {
  return pick(references, 'nodes', names);
}

function pick(references: Reference[], root: Reference['root'], known: string[]): string[] {
  const ours = references.filter((reference) => reference.root === root);
  if (ours.some((reference) => reference.path.length === 0)) return known;
  const named = new Set(ours.map((reference) => String(reference.path[0])));
  return known.filter((name) => named.has(name));
}

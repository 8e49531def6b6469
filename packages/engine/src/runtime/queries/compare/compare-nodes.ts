/** What became of each node in two runs. */
import type { ComparedNode, ComparedTasks, Differences, Json, Usage } from '@weft/contract';

import type { Graph } from '../../../domain/graph/graph.ts';
import { tellingStatuses } from '../../../domain/graph/telling-status.ts';
import { LIVE_TASK, TERMINAL_RUN } from '../../../domain/run/status.ts';
import type { TaskStatus } from '../../../domain/run/status.ts';
import { differences } from '../../../domain/state/differences.ts';
import type { OutputMatch, RunComparer, RunReader, RunRecord, TaskResult, TaskTotals } from '../../../ports/index.ts';

const MAX_NODES = 500;
const MAX_DIFFERENCES = 10;
/** Outputs up to this size are read to say what differs. */
const MAX_OUTPUT_BYTES = 64 * 1024;
const READ_AT_ONCE = 20;

export type ComparedSide = { run: RunRecord; graph: Graph; totals: readonly TaskTotals[] };

type Nodes = { nodes: ComparedNode[]; nodeCount: number };

/** `order`: the nodes of both; those that have had no task in either run are left out. */
export async function compareNodes(
  { reader, comparer }: { reader: RunReader; comparer: RunComparer },
  { from, to, order }: { from: ComparedSide; to: ComparedSide; order: readonly string[] },
): Promise<Nodes> {
  const [before, after] = [tasksPerNode(from), tasksPerNode(to)];
  const seen = order.filter((node) => before.has(node) || after.has(node));
  const shown = seen.slice(0, MAX_NODES);
  const matches = await comparer.outputMatches(from.run.head.id, to.run.head.id);
  const byNode = new Map(matches.map((match) => [match.node, match]));
  const firsts = await firstDifferences(
    reader,
    { from, to },
    shown.flatMap((node) => byNode.get(node) ?? []),
  );
  const nodes = shown.map((node): ComparedNode => {
    const match = byNode.get(itemNode(node, from, to));
    const outputs = outputsOf(match, firsts.get(node));
    return { node, from: before.get(node) ?? null, to: after.get(node) ?? null, outputs };
  });
  return { nodes, nodeCount: seen.length };
}

/** The outputs of a send are those of its items. */
function itemNode(node: string, from: ComparedSide, to: ComparedSide): string {
  return (to.graph.nodes.get(node) ?? from.graph.nodes.get(node))?.send?.target ?? node;
}

function outputsOf(match: OutputMatch | undefined, found: Differences | undefined): ComparedNode['outputs'] {
  if (!match) return { equal: 0, different: 0, onlyFrom: 0, onlyTo: 0 };
  const { equal, different, onlyFrom, onlyTo, first } = match;
  const counts = { equal, different, onlyFrom, onlyTo };
  return first ? { ...counts, first: { key: first.key, ...(found && { differences: found }) } } : counts;
}

function tasksPerNode({ run, totals }: ComparedSide): Map<string, ComparedTasks> {
  const ended = TERMINAL_RUN.has(run.head.status);
  // The rows of a run that has ended over their heads follow later.
  const rows = totals.map((row) => ({ ...row, status: statusOf(row.status, ended) }));
  const statuses = tellingStatuses(rows) as Map<string, TaskStatus>;
  const nodes = Map.groupBy(rows, ({ node }) => node);
  return new Map(Array.from(nodes, ([node, parts]) => [node, sumOf(parts, statuses.get(node) ?? 'ready')]));
}

function statusOf(status: TaskStatus, ended: boolean): TaskStatus {
  return ended && LIVE_TASK.has(status) ? 'cancelled' : status;
}

function sumOf(parts: readonly TaskTotals[], status: TaskStatus): ComparedTasks {
  const sum = (of: (part: TaskTotals) => number): number => parts.reduce((total, part) => total + of(part), 0);
  return {
    status,
    tasks: sum(({ tasks }) => tasks),
    kept: sum(({ kept }) => kept),
    attempts: sum(({ attempts }) => attempts),
    durationMs: Math.round(sum(({ ms }) => ms)),
    usage: addUsage(parts.map(({ usage }) => usage)),
  };
}

export function addUsage(parts: readonly Usage[]): Usage {
  const sum: Usage = { inputTokens: 0, outputTokens: 0, usd: 0 };
  for (const { inputTokens, outputTokens, usd } of parts) {
    sum.inputTokens += inputTokens;
    sum.outputTokens += outputTokens;
    sum.usd += usd;
  }
  return sum;
}

type Match = OutputMatch & { first: NonNullable<OutputMatch['first']> };

/** What differs in the first task of each node whose outputs differ, where they are small enough to be read. */
async function firstDifferences(
  reader: RunReader,
  { from, to }: { from: ComparedSide; to: ComparedSide },
  matches: readonly OutputMatch[],
): Promise<Map<string, Differences>> {
  const found = new Map<string, Differences>();
  const differing = matches.filter((match): match is Match => match.first !== null);
  for (let at = 0; at < differing.length; at += READ_AT_ONCE) {
    const some = differing.slice(at, at + READ_AT_ONCE);
    const keys = some.map(({ first }) => first.key);
    const [before, after] = await Promise.all(
      [from, to].map(({ run }) => reader.results(run.head.id, keys, MAX_OUTPUT_BYTES)),
    );
    for (const { node, first } of some) {
      const [a, b] = [outputAt(before, first.key, first.fromStep), outputAt(after, first.key, first.toStep)];
      if (a !== undefined && b !== undefined) found.set(node, differences(a, b, MAX_DIFFERENCES));
    }
  }
  return found;
}

/** There may be other activations under the key, of steps that were left behind. */
function outputAt(results: readonly TaskResult[] | undefined, key: string, step: number): Json | undefined {
  return results?.find((result) => result.key === key && result.settledStep === step)?.output;
}

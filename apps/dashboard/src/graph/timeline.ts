/** Where the spans of tasks lie on an axis on which long pauses of all are shortened. Pure. */
import type { Task } from '@weft/contract';

export type Span = { kind: 'queued' | 'running' | 'waiting'; from: number; to: number };
export type TimelineRow = { key: string; status: Task['status']; failures: number; spans: Span[]; isCritical: boolean };
/** `breaks`: where on the axis time was left out, and how much of it. */
export type Axis = { at(time: number): number; length: number; breaks: { at: number; ms: number }[] };

type Times = Pick<Task, 'key' | 'node' | 'status' | 'failures' | 'queuedAt' | 'startedAt' | 'endedAt' | 'dueAt'>;

/** `now`: the end of what has not ended. */
export function timelineRows(tasks: readonly Times[], now: number): TimelineRow[] {
  const critical = criticalKeys(tasks, now);
  return tasks.flatMap((task): TimelineRow[] => {
    const queued = time(task.queuedAt) ?? time(task.startedAt);
    if (queued === null) return [];
    const started = time(task.startedAt);
    const ended = time(task.endedAt) ?? now;
    const spans: Span[] = [
      { kind: task.status === 'waiting' ? 'waiting' : 'queued', from: queued, to: started ?? ended },
    ];
    if (started !== null) spans.push({ kind: 'running', from: started, to: Math.max(ended, started) });
    const { key, status, failures } = task;
    return [{ key, status, failures, spans, isCritical: critical.has(key) }];
  });
}

/** From the task that ended last back through those whose end made the next one ready. */
function criticalKeys(tasks: readonly Times[], now: number): Set<string> {
  const byEnd = tasks
    .flatMap((task) => {
      const from = time(task.queuedAt);
      return from === null ? [] : [{ key: task.key, from, to: time(task.endedAt) ?? now }];
    })
    .toSorted((a, b) => b.to - a.to);
  const found = new Set<string>();
  let before = Number.POSITIVE_INFINITY;
  for (const { key, from, to } of byEnd) {
    if (to > before) continue;
    found.add(key);
    before = from;
  }
  return found;
}

/** A pause of everything that is longer than a tenth of what is busy is shortened to that. */
export function axisOf(rows: readonly TimelineRow[]): Axis {
  const spans = rows
    .flatMap((row) => row.spans.filter(({ kind }) => kind === 'running'))
    .toSorted((a, b) => a.from - b.from);
  const all = rows.flatMap((row) => row.spans);
  const start = all.reduce((least, { from }) => Math.min(least, from), Number.POSITIVE_INFINITY);
  const end = all.reduce((most, { to }) => Math.max(most, to), start);
  const busy: { from: number; to: number }[] = [];
  for (const { from, to } of spans) {
    const last = busy.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else busy.push({ from, to });
  }
  const busyMs = busy.reduce((sum, { from, to }) => sum + to - from, 0);
  const longest = Math.max(busyMs / 10, 20);
  const cuts: { from: number; to: number; cut: number }[] = [];
  const edges = [start, ...busy.flatMap(({ from, to }) => [from, to]), end];
  for (let index = 0; index + 1 < edges.length; index += 2) {
    const [from = 0, to = 0] = [edges[index], edges[index + 1]];
    if (to - from > longest) cuts.push({ from: from + longest / 2, to: to - longest / 2, cut: to - from - longest });
  }
  const at = (moment: number): number => {
    const left = cuts.reduce(
      (sum, { from, to, cut }) => sum + cut * Math.min(1, Math.max(0, (moment - from) / (to - from))),
      0,
    );
    return moment - start - left;
  };
  return { at, length: Math.max(1, at(end)), breaks: cuts.map(({ from, cut }) => ({ at: at(from), ms: cut })) };
}

function time(at: string | null): number | null {
  return at === null ? null : Date.parse(at);
}

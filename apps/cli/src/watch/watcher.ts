/** Three ways to show a run: a picture on a terminal, lines elsewhere, events as JSON lines for programs. */
import type { Event, Run, RunStatus } from '@weft/contract';
import type { CommandContext } from '../command-context.ts';
import { painter } from '../output/paint.ts';
import { changeLine } from './change-line.ts';
import { openScreen } from './live-screen.ts';
import { renderRun } from './render-tree.ts';
import type { RowChange, RunView } from './run-view.ts';

export type Watcher = {
  take(event: Event, changes: readonly RowChange[]): void;
  /** Nodes that changed without an event. */
  show(changes: readonly RowChange[]): void;
  say(line: string): void;
  close(): void;
};

export function openWatcher(context: CommandContext, run: Run, view: RunView): Watcher {
  if (context.json) return jsonWatcher(context);
  return context.terminal.err.isTty ? screenWatcher(context, run, view) : lineWatcher(context, run, view);
}

function jsonWatcher({ terminal }: CommandContext): Watcher {
  return {
    take: (event) => terminal.out.write(`${JSON.stringify(event)}\n`),
    show: () => undefined,
    say: (line) => terminal.err.write(`${line}\n`),
    close: () => undefined,
  };
}

function lineWatcher({ terminal: { err } }: CommandContext, run: Run, view: RunView): Watcher {
  const paint = painter(err.color);
  const since = Date.parse(run.createdAt);
  const print = (changes: readonly RowChange[]): void => {
    for (const change of changes) {
      const line = changeLine(change, since, paint);
      if (line !== null) err.write(`${line}\n`);
    }
  };
  // What had happened before the watching began.
  print(view.rows.map((row) => ({ row, at: row.endedAt ?? row.startedAt ?? since })).toSorted((a, b) => a.at - b.at));
  return {
    take: (_, changes) => print(changes),
    show: print,
    say: (line) => err.write(`${line}\n`),
    close: () => undefined,
  };
}

function screenWatcher({ terminal: { err } }: CommandContext, run: Run, view: RunView): Watcher {
  const paint = painter(err.color);
  const head = { ...run };
  const screen = openScreen(err, (frame) =>
    renderRun(head, view, { paint, columns: err.columns, maxLines: err.rows - 1, now: Date.now(), frame }),
  );
  return {
    take(event) {
      const status = statusOf(event);
      if (status === null) return;
      head.status = status;
      head.endedAt = isFinal(status) ? event.at : null;
    },
    // The picture is drawn ten times a second anyway.
    show: () => undefined,
    say: (line) => screen.print(line),
    close: () => screen.stop(),
  };
}

/** The run's own status, where the event tells of it. */
function statusOf({ data }: Event): RunStatus | null {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return null;
  const { run } = data;
  if (typeof run !== 'object' || run === null || Array.isArray(run)) return null;
  return typeof run['status'] === 'string' ? (run['status'] as RunStatus) : null;
}

function isFinal(status: RunStatus): boolean {
  return status === 'succeeded' || status === 'failed' || status === 'cancelled';
}

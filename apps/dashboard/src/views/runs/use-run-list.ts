import type { Run, RunSummary } from '@weft/contract';
import { useCallback, useEffect, useRef, useState } from 'react';

import { isUnauthorized } from '../../api/explain.ts';
import { api, isRefused } from '../../api/session.ts';
import type { Flush } from '../../live/protocol.ts';
import { useTopic } from '../../live/use-topic.ts';
import type { RunFilter } from './run-filter.ts';

/** A row: a run without what makes it large, with what it has spent where that is known. */
export type RunRow = RunSummary & { usd: number | null };

export type RunList = {
  rows: readonly RunRow[] | null;
  error: unknown;
  /** Runs that have begun since the list was read; they are not put into it, so that no row moves. */
  fresh: number;
  hasMore: boolean;
  more: () => void;
  reload: () => void;
};

const PAGE = 100;

/** The runs that the filter finds, page by page, with what becomes of them. */
export function useRunList(filter: RunFilter): RunList {
  const key = JSON.stringify(filter);
  const [rows, setRows] = useState<readonly RunRow[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const fresh = useRef(new Set<string>());
  const [freshCount, setFreshCount] = useState(0);
  const reading = useRef('');
  const read = useCallback(
    async (from: string | null) => {
      const name = `${key} ${from}`;
      if (reading.current === name) return;
      reading.current = name;
      try {
        const page = await api().runs.list({ ...filter, limit: PAGE, ...(from !== null && { cursor: from }) });
        if (reading.current !== name) return;
        setRows((before) => [...(from === null ? [] : (before ?? [])), ...page.items.map(toRow)]);
        setCursor(page.nextCursor);
        setError(null);
      } catch (caught) {
        if (isUnauthorized(caught)) isRefused.set(true);
        setError(caught);
      } finally {
        if (reading.current === name) reading.current = '';
      }
    },
    [key],
  );
  const reload = useCallback(() => {
    fresh.current.clear();
    setFreshCount(0);
    void read(null);
  }, [read]);
  useEffect(reload, [reload]);
  useTopic('runs', (flush) => {
    setRows((before) => before && patched(before, flush));
    const known = new Set(rows?.map(({ id }) => id));
    for (const run of newest(flush))
      if (!known.has(run.id) && isWanted(run, filter) && isNewer(run, rows)) fresh.current.add(run.id);
    setFreshCount(fresh.current.size);
  });
  const more = useCallback(() => (cursor === null ? undefined : void read(cursor)), [cursor, read]);
  return { rows, error, fresh: freshCount, hasMore: cursor !== null, more, reload };
}

function toRow({
  id,
  workflow,
  status,
  error,
  tags,
  priority,
  step,
  createdAt,
  startedAt,
  endedAt,
  usage,
}: Run): RunRow {
  return { id, workflow, status, error, tags, priority, step, createdAt, startedAt, endedAt, usd: usage.usd };
}

function newest({ snapshot, events }: Flush): RunSummary[] {
  const told = events.flatMap(({ type, data }) => (type === 'run' ? [data as unknown as RunSummary] : []));
  return [...((snapshot ?? []) as RunSummary[]), ...told];
}

function patched(rows: readonly RunRow[], flush: Flush): readonly RunRow[] {
  const told = new Map(newest(flush).map((run) => [run.id, run]));
  if (!rows.some(({ id, step }) => (told.get(id)?.step ?? step) !== step)) return rows;
  return rows.map((row) => {
    const run = told.get(row.id);
    return run && run.step > row.step ? { ...row, ...run } : row;
  });
}

/** Ids sort by time. */
function isNewer({ id }: RunSummary, rows: readonly RunRow[] | null): boolean {
  const top = rows?.[0];
  return rows !== null && (top === undefined || id > top.id);
}

function isWanted({ status, workflow, tags }: RunSummary, filter: RunFilter): boolean {
  if (filter.status !== undefined && filter.status !== status) return false;
  if (filter.workflow !== undefined && filter.workflow !== workflow.name) return false;
  return filter.tag === undefined || tags.includes(filter.tag);
}

import { useMemo, useState } from 'react';

import { useShortcuts } from '../../keyboard/shortcuts.ts';
import { Page } from '../../parts/page.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { useNow } from '../../parts/use-now.ts';
import { plural } from '../../parts/words.ts';
import { go, hrefOf } from '../../router/router.ts';
import { text, useSearch } from '../../router/search.ts';
import { BulkActions } from './bulk-actions.tsx';
import { FilterBar } from './filter-bar.tsx';
import { NoRuns } from './no-runs.tsx';
import { parseFilter } from './run-filter.ts';
import { RunTable } from './run-table.tsx';
import { useRunList } from './use-run-list.ts';

const SEARCH = { q: text };

/** All runs, newest first, filtered and live. */
export function RunsView() {
  const [{ q }, setSearch] = useSearch(SEARCH);
  // What `since:` means is settled when the filter is given.
  const { filter, problem } = useMemo(() => parseFilter(q ?? '', Date.now()), [q]);
  const list = useRunList(filter);
  const rows = list.rows ?? [];
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [at, setAt] = useState(0);
  const now = useNow();
  const toggle = (id: string) =>
    setChosen((before) =>
      before.has(id) ? new Set([...before].filter((one) => one !== id)) : new Set([...before, id]),
    );
  const pointed = rows[at];
  useShortcuts([
    { keys: 'j', label: 'Next run', act: () => setAt(Math.min(rows.length - 1, at + 1)) },
    { keys: 'k', label: 'Run before', act: () => setAt(Math.max(0, at - 1)) },
    { keys: 'Enter', label: 'Open the run', act: () => pointed && go(hrefOf('run', { id: pointed.id })) },
    { keys: 'x', label: 'Choose the run, or not', act: () => pointed && toggle(pointed.id) },
    { keys: 'r', label: 'Read the list again', act: list.reload },
    { keys: 'Escape', label: 'Choose no run', act: () => setChosen(new Set()) },
  ]);
  const isFiltered = (q ?? '') !== '';
  return (
    <Page title="Runs">
      <FilterBar query={q ?? ''} problem={problem} filter={filter} onChange={(next) => setSearch({ q: next })} />
      {list.fresh > 0 && (
        <div className="row">
          <button type="button" className="pill" onClick={list.reload}>
            {plural(list.fresh, 'new run')}: show
          </button>
        </div>
      )}
      <BulkActions chosen={rows.filter(({ id }) => chosen.has(id))} clear={() => setChosen(new Set())} />
      {list.error !== null && <ProblemNote error={list.error} retry={list.reload} />}
      {list.rows !== null && rows.length === 0 ? (
        <NoRuns isFiltered={isFiltered} clear={() => setSearch({ q: null })} />
      ) : (
        <RunTable
          rows={rows}
          now={now}
          chosen={chosen}
          pointed={at}
          onToggle={toggle}
          onEnd={list.hasMore ? list.more : undefined}
        />
      )}
    </Page>
  );
}

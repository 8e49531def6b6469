import { useEffect, useRef, useState } from 'react';
import type { FormEvent } from 'react';

import { useShortcuts } from '../../keyboard/shortcuts.ts';
import { copy } from '../../parts/cli-line.tsx';
import { listCommand, RUN_STATUSES } from './run-filter.ts';
import type { RunFilter } from './run-filter.ts';

type Props = { query: string; problem: string | null; filter: RunFilter; onChange: (query: string) => void };

/** The filter as text, with the statuses as buttons. */
export function FilterBar({ query, problem, filter, onChange }: Props) {
  const [text, setText] = useState(query);
  const ref = useRef<HTMLInputElement>(null);
  useEffect(() => setText(query), [query]);
  useShortcuts([{ keys: '/', label: 'Filter the runs', act: () => ref.current?.focus() }]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onChange(text.trim());
  };
  const toggle = (status: string) => {
    const others = query.split(/\s+/).filter((word) => word !== '' && !word.startsWith('status:'));
    onChange([...others, ...(filter.status === status ? [] : [`status:${status}`])].join(' '));
  };
  return (
    <div className="stack">
      <form className="filter" role="search" onSubmit={submit}>
        <input
          ref={ref}
          type="search"
          aria-label="Filter the runs"
          aria-describedby="filter-problem"
          placeholder="status:failed workflow:etl tag:nightly since:2h"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <button>Filter</button>
        <button type="button" className="quiet" onClick={() => void copy(listCommand(filter))}>
          copy as CLI
        </button>
      </form>
      <div className="row" role="group" aria-label="Status">
        {RUN_STATUSES.map((status) => (
          <button
            key={status}
            type="button"
            aria-pressed={filter.status === status}
            className={filter.status === status ? 'main' : undefined}
            onClick={() => toggle(status)}
          >
            {status}
          </button>
        ))}
      </div>
      <p id="filter-problem" role="status" className={problem === null ? 'unseen' : 'status-failed'}>
        {problem}
      </p>
    </div>
  );
}

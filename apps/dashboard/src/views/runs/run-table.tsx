import { StatusMark } from '../../parts/status-mark.tsx';
import { VirtualRows } from '../../parts/virtual-rows.tsx';
import { ago, shortId, took, usd } from '../../parts/words.ts';
import { Link } from '../../router/link.tsx';
import { hrefOf } from '../../router/router.ts';
import type { RunRow } from './use-run-list.ts';

const ROW_HEIGHT = 36;
const COLUMNS = { gridTemplateColumns: '26px 120px minmax(140px,1.4fr) 110px minmax(90px,2fr) 110px 100px 80px' };
const HEADS = ['', 'Status', 'Workflow', 'Run', 'Error or tags', 'Created', 'Took', 'Cost'];

type Props = {
  rows: readonly RunRow[];
  now: number;
  chosen: ReadonlySet<string>;
  pointed: number;
  onToggle: (id: string) => void;
  onEnd: (() => void) | undefined;
};

export function RunTable({ rows, now, chosen, pointed, onToggle, onEnd }: Props) {
  return (
    <VirtualRows
      label="Runs"
      items={rows}
      rowHeight={ROW_HEIGHT}
      onEnd={onEnd}
      header={
        <div role="rowgroup">
          <div role="row" className="line head" style={COLUMNS} aria-rowindex={1}>
            {HEADS.map((head) => (
              <span key={head} role="columnheader">
                {head === '' ? <span className="unseen">Chosen</span> : head}
              </span>
            ))}
          </div>
        </div>
      }
      render={(row, index) => (
        <div
          key={row.id}
          role="row"
          aria-rowindex={index + 2}
          className={`line ${chosen.has(row.id) ? 'chosen' : ''} ${index === pointed ? 'pointed' : ''}`}
          style={{ ...COLUMNS, height: ROW_HEIGHT }}
        >
          <span role="cell">
            <input
              type="checkbox"
              aria-label={`Choose ${row.id}`}
              checked={chosen.has(row.id)}
              onChange={() => onToggle(row.id)}
            />
          </span>
          <RunCells row={row} now={now} />
        </div>
      )}
    />
  );
}

function RunCells({ row, now }: { row: RunRow; now: number }) {
  const { id, workflow, status, error, tags, createdAt, startedAt, endedAt } = row;
  return (
    <>
      <span role="cell">
        <StatusMark status={status} />
      </span>
      <span role="cell">
        <Link href={hrefOf('run', { id })}>
          {workflow.name}
          <span className="soft">@{workflow.version}</span>
        </Link>
      </span>
      <span role="cell" className="mono" title={id}>
        {shortId(id)}
      </span>
      <span role="cell" title={error?.message}>
        {error ? (
          <span className="status-failed">{error.message}</span>
        ) : (
          tags.map((tag) => <TagMark key={tag} tag={tag} />)
        )}
      </span>
      <span role="cell" title={createdAt}>
        {ago(createdAt, now)}
      </span>
      <span role="cell">{took(startedAt, endedAt, now)}</span>
      <span role="cell">{row.usd === null ? '' : row.usd > 0 ? usd(row.usd) : '–'}</span>
    </>
  );
}

function TagMark({ tag }: { tag: string }) {
  return <span className="tag">{tag}</span>;
}

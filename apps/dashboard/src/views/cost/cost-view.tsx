import type { CostDimension, CostItem, TenantBudget } from '@weft/contract';

import { api } from '../../api/session.ts';
import { copy } from '../../parts/cli-line.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Loaded } from '../../parts/loading.tsx';
import { Meter } from '../../parts/meter.tsx';
import { Page } from '../../parts/page.tsx';
import { count, usd } from '../../parts/words.ts';
import { Link } from '../../router/link.tsx';
import { hrefOf } from '../../router/router.ts';
import { oneOf, text, useSearch } from '../../router/search.ts';
import { useResource } from '../../store/resource.ts';

const DIMENSIONS = [
  'day',
  'workflow',
  'endpoint',
  'model',
  'run',
  'key',
  'budget',
  'task',
] as const satisfies readonly CostDimension[];
type Dimension = (typeof DIMENSIONS)[number];
const SEARCH = { by: oneOf(...DIMENSIONS), from: text, to: text };

/** What was spent, by what one asks for, and how far budgets are used. */
export function CostView() {
  const [{ by, from, to }, setSearch] = useSearch(SEARCH);
  const dimension = by ?? 'day';
  const days = { ...(from && { from }), ...(to && { to }) };
  const costs = useResource(`costs:${dimension}:${from}:${to}`, () => api().costs({ groupBy: [dimension], ...days }));
  const budgets = useResource('budgets', () => api().budgets.list());
  return (
    <Page title="Cost">
      <CostFilter dimension={dimension} from={from} to={to} onChange={setSearch} />
      <Loaded of={costs}>
        {({ items, total, more }) =>
          items.length === 0 ? (
            <Empty
              title="No priced calls in these days"
              cli={[
                'npx weft endpoints update NAME --price-in 0.5 --price-out 1.5',
                'npx weft budgets set --usd 10 --period day',
              ]}
            >
              <p>What tasks spend on models and agents is summed here, by the prices of their endpoints.</p>
            </Empty>
          ) : (
            <>
              <p>
                <strong>{usd(total.usd)}</strong>, {count(total.inputTokens)} tokens in, {count(total.outputTokens)}{' '}
                out, {count(total.attempts)} calls
                {more && '; the dearest are shown'}
              </p>
              <CostTable items={items} dimension={dimension} />
              <button type="button" onClick={() => download(items, dimension)}>
                Export as CSV
              </button>
            </>
          )
        }
      </Loaded>
      <Loaded of={budgets}>{({ items }) => <Budgets items={items} />}</Loaded>
    </Page>
  );
}

type FilterProps = {
  dimension: Dimension;
  from: string | null;
  to: string | null;
  onChange: (changes: { by?: Dimension; from?: string; to?: string }) => void;
};

function CostFilter({ dimension, from, to, onChange }: FilterProps) {
  return (
    <div className="filter">
      <label className="row">
        By
        <select value={dimension} onChange={(event) => onChange({ by: event.target.value as Dimension })}>
          {DIMENSIONS.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      {(['from', 'to'] as const).map((end) => (
        <label key={end} className="row">
          {end}
          <input
            type="date"
            value={(end === 'from' ? from : to) ?? ''}
            onChange={(event) => onChange({ [end]: event.target.value })}
          />
        </label>
      ))}
      <button type="button" className="quiet" onClick={() => void copy(`npx weft costs --by ${dimension}`)}>
        copy as CLI
      </button>
    </div>
  );
}

function CostTable({ items, dimension }: { items: readonly CostItem[]; dimension: CostDimension }) {
  const most = items.reduce((sum, item) => Math.max(sum, item.usd), 0);
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{dimension}</th>
          <th scope="col">Share</th>
          <th scope="col" className="number">
            USD
          </th>
          <th scope="col" className="number">
            Tokens in
          </th>
          <th scope="col" className="number">
            Tokens out
          </th>
          <th scope="col" className="number">
            Calls
          </th>
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <tr key={item[dimension] ?? 'none'}>
            <td>
              <CostName item={item} dimension={dimension} />
            </td>
            <td>
              <div className="bar" aria-hidden="true">
                <div className="meter-fill" style={{ width: `${most === 0 ? 0 : (100 * item.usd) / most}%` }} />
              </div>
            </td>
            <td className="number">{usd(item.usd)}</td>
            <td className="number">{count(item.inputTokens)}</td>
            <td className="number">{count(item.outputTokens)}</td>
            <td className="number">{count(item.attempts)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function CostName({ item, dimension }: { item: CostItem; dimension: CostDimension }) {
  const name = item[dimension];
  if (name === null || name === undefined) return <span className="soft">none</span>;
  if (dimension === 'run') return <Link href={hrefOf('run', { id: name })}>{name}</Link>;
  if (dimension === 'workflow') return <Link href={hrefOf('workflow', { name })}>{name}</Link>;
  return name;
}

function Budgets({ items }: { items: readonly TenantBudget[] }) {
  if (items.length === 0) return null;
  return (
    <section className="stack" aria-label="Budgets">
      <h2>Budgets</h2>
      {items.map(({ key, name, period, usd: bound, tokens, spent, reserved }) => {
        const label = `${name ?? key ?? 'all'} (${period})`;
        return bound === null ? (
          <Meter
            key={label}
            label={label}
            value={spent.tokens}
            max={tokens ?? 0}
            text={`${count(spent.tokens)} of ${count(tokens ?? 0)} tokens`}
          />
        ) : (
          <Meter
            key={label}
            label={label}
            value={spent.usd + reserved.usd}
            max={bound}
            text={`${usd(spent.usd)} of ${usd(bound)}`}
          />
        );
      })}
    </section>
  );
}

function download(items: readonly CostItem[], dimension: CostDimension): void {
  const lines = items.map((item) =>
    [JSON.stringify(item[dimension] ?? ''), item.usd, item.inputTokens, item.outputTokens, item.attempts].join(','),
  );
  const csv = [`${dimension},usd,inputTokens,outputTokens,attempts`, ...lines].join('\n');
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([csv], { type: 'text/csv' }));
  link.download = `costs-by-${dimension}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
}

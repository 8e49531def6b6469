import type { Run } from '@weft/contract';

import { StatusMark } from '../../parts/status-mark.tsx';
import { useNow } from '../../parts/use-now.ts';
import { copy } from '../../parts/cli-line.tsx';
import { ago, count, plural, took, usd } from '../../parts/words.ts';
import { Link } from '../../router/link.tsx';
import { hrefOf } from '../../router/router.ts';

/** The head of a run: how it is, how long it took, what it cost, and what it belongs to. */
export function RunFacts({ run }: { run: Run }) {
  const now = useNow(run.endedAt === null ? 1000 : null);
  const { id, status, workflow, createdAt, startedAt, endedAt, usage, parent, forkedFrom, tags, step } = run;
  const tokens = usage.inputTokens + usage.outputTokens;
  return (
    <div className="row" data-run-status={status}>
      <StatusMark status={status} />
      <button type="button" className="quiet mono" title="Copy the id" onClick={() => void copy(id)}>
        {id}
      </button>
      <span title={createdAt}>began {ago(createdAt, now)}</span>
      <span>took {took(startedAt, endedAt, now)}</span>
      <span>{plural(step, 'step')}</span>
      {tokens > 0 && <span>{count(tokens)} tokens</span>}
      {usage.usd > 0 && <span>{usd(usage.usd)}</span>}
      <Link href={hrefOf('workflow', { name: workflow.name }, { version: workflow.version })}>workflow</Link>
      {parent && <Link href={hrefOf('run', { id: parent.runId })}>parent run</Link>}
      {forkedFrom && (
        <Link href={hrefOf('run', { id: forkedFrom.runId }, { step: forkedFrom.step || null })}>
          forked from step {forkedFrom.step}
        </Link>
      )}
      {tags.map((tag) => (
        <span key={tag} className="tag">
          {tag}
        </span>
      ))}
    </div>
  );
}

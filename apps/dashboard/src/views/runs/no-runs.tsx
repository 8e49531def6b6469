import { Empty } from '../../parts/empty.tsx';

/** No run is there, or none that the filter finds. */
export function NoRuns({ isFiltered, clear }: { isFiltered: boolean; clear: () => void }) {
  if (isFiltered)
    return (
      <Empty title="No run fits this filter">
        <p>Every part of the filter must hold. Take one away, or look at all runs.</p>
        <p>
          <button type="button" onClick={clear}>
            Clear the filter
          </button>
        </p>
      </Empty>
    );
  return (
    <Empty
      title="No runs yet"
      cli={[
        'npx weft run examples/hello -i name=Ada --watch',
        `curl -X POST ${location.origin}/v1/runs -H 'content-type: application/json' -d '{"workflow":"hello","input":{"name":"Ada"}}'`,
      ]}
    >
      <p>
        A run is one execution of a workflow. Start one from a terminal, over HTTP, or in{' '}
        <a href="/workflows">Workflows</a> with a form; it shows up here while it runs.
      </p>
    </Empty>
  );
}

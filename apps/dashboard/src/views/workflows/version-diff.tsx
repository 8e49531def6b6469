import type { Workflow } from '@weft/contract';

import { api } from '../../api/session.ts';
import { JsonView } from '../../parts/json-view.tsx';
import { Loaded } from '../../parts/loading.tsx';
import { useResource } from '../../store/resource.ts';
import { differences } from './differences.ts';

type Props = {
  name: string;
  to: Workflow;
  from: number;
  newest: number;
  onChange: (changes: { version?: number | null; from?: number | null }) => void;
};

/** What one version has changed of another. */
export function VersionDiff({ name, to, from, newest, onChange }: Props) {
  const before = useResource(`workflow:${name}:${from}`, () => api().workflows.get(name, { version: from }));
  const versions = Array.from({ length: newest }, (_, index) => index + 1).toReversed();
  return (
    <section className="card stack" aria-label="Versions">
      <div className="row">
        <VersionSelect
          label="From version"
          versions={versions}
          present={from}
          onChange={(next) => onChange({ from: next })}
        />
        <VersionSelect
          label="to version"
          versions={versions}
          present={to.version}
          onChange={(next) => onChange({ version: next })}
        />
      </div>
      <Loaded of={before}>
        {(older) => {
          const changes = differences(older.document, to.document);
          if (changes.length === 0) return <p className="soft">Both are the same document.</p>;
          return (
            <div>
              {changes.map(({ path, was, is }) => (
                <div
                  key={path}
                  className={`change change-${was === undefined ? 'add' : is === undefined ? 'remove' : 'replace'}`}
                >
                  <span>{was === undefined ? '+' : is === undefined ? '−' : '~'}</span>
                  <span>{path}</span>
                  <span>
                    {was !== undefined && <JsonView name="was" value={was} depth={2} />}
                    {is !== undefined && <JsonView name="is" value={is} depth={2} />}
                  </span>
                </div>
              ))}
            </div>
          );
        }}
      </Loaded>
    </section>
  );
}

type SelectProps = { label: string; versions: readonly number[]; present: number; onChange: (version: number) => void };

function VersionSelect({ label, versions, present, onChange }: SelectProps) {
  return (
    <label className="row">
      {label}
      <select value={present} onChange={(event) => onChange(Number(event.target.value))}>
        {versions.map((version) => (
          <option key={version}>{version}</option>
        ))}
      </select>
    </label>
  );
}

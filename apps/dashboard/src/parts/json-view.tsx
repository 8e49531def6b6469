import { useState } from 'react';

/** Children of one level that are shown at once; the rest is shown when asked for. */
const SHOWN = 100;
const LONGEST_TEXT = 600;

/** A JSON value as a tree; only what is opened is in the page. */
export function JsonView({ value, name = null, depth = 0 }: { value: unknown; name?: string | null; depth?: number }) {
  if (value === null || typeof value !== 'object') return <Leaf name={name} value={value} />;
  return <Branch name={name} value={value} depth={depth} />;
}

function Leaf({ name, value }: { name: string | null; value: unknown }) {
  const [isWhole, setWhole] = useState(false);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const isLong = text.length > LONGEST_TEXT && !isWhole;
  return (
    <div className="json-leaf">
      {name !== null && <span className="json-name">{name}</span>}
      <span className={`json-${value === null ? 'null' : typeof value}`}>
        {isLong ? text.slice(0, LONGEST_TEXT) : text}
      </span>
      {isLong && (
        <button type="button" className="quiet" onClick={() => setWhole(true)}>
          … {text.length - LONGEST_TEXT} more
        </button>
      )}
    </div>
  );
}

function Branch({ name, value, depth }: { name: string | null; value: object; depth: number }) {
  const [isOpen, setOpen] = useState(depth < 2);
  const [shown, setShown] = useState(SHOWN);
  const entries = Object.entries(value);
  const sum = Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`;
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)} className="json-branch">
      <summary>
        {name !== null && <span className="json-name">{name}</span>} <span className="json-sum">{sum}</span>
      </summary>
      {isOpen && (
        <div className="json-children">
          {entries.slice(0, shown).map(([key, child]) => (
            <JsonView key={key} name={key} value={child} depth={depth + 1} />
          ))}
          {entries.length > shown && (
            <button type="button" className="quiet" onClick={() => setShown(shown + SHOWN * 5)}>
              {entries.length - shown} more
            </button>
          )}
        </div>
      )}
    </details>
  );
}

import type { KeyboardEvent } from 'react';

export type TabItem<N extends string> = { name: N; label: string };

/** The tabs of a view; the arrow keys go from one to the next. */
export function Tabs<N extends string>({
  label,
  items,
  present,
  onChange,
}: {
  label: string;
  items: readonly TabItem<N>[];
  present: N;
  onChange: (name: N) => void;
}) {
  const move = (event: KeyboardEvent<HTMLDivElement>) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const index = items.findIndex(({ name }) => name === present);
    const next = items[(index + step + items.length) % items.length];
    if (!next) return;
    onChange(next.name);
    event.currentTarget.querySelector<HTMLElement>(`#tab-${next.name}`)?.focus();
  };
  return (
    <div className="tabs" role="tablist" aria-label={label} onKeyDown={move}>
      {items.map(({ name, label: text }) => (
        <button
          key={name}
          id={`tab-${name}`}
          type="button"
          role="tab"
          aria-selected={name === present}
          aria-controls="tab-panel"
          tabIndex={name === present ? 0 : -1}
          onClick={() => onChange(name)}
        >
          {text}
        </button>
      ))}
    </div>
  );
}

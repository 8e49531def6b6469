import { useLayoutEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';

const SPARE = 6;

/**
 * A long list of which only what is seen is in the page. All rows have the same height, so nothing is measured.
 * `header` stays at its top. `onEnd` is told when the end comes near.
 */
export function VirtualRows<T>({
  label,
  items,
  rowHeight,
  header,
  render,
  onEnd,
}: {
  label: string;
  items: readonly T[];
  rowHeight: number;
  header?: ReactNode;
  render: (item: T, index: number) => ReactNode;
  onEnd?: (() => void) | undefined;
}) {
  const ref = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 800 });
  useLayoutEffect(() => {
    const box = ref.current;
    if (!box) return undefined;
    const look = () => setView({ top: box.scrollTop, height: box.clientHeight });
    const observer = new ResizeObserver(look);
    observer.observe(box);
    box.addEventListener('scroll', look, { passive: true });
    return () => {
      observer.disconnect();
      box.removeEventListener('scroll', look);
    };
  }, []);
  const first = Math.max(0, Math.floor(view.top / rowHeight) - SPARE);
  const last = Math.min(items.length, Math.ceil((view.top + view.height) / rowHeight) + SPARE);
  const isNearEnd = last >= items.length;
  useLayoutEffect(() => {
    if (isNearEnd) onEnd?.();
  }, [isNearEnd, items.length]);
  return (
    <div ref={ref} className="rows" role="table" aria-label={label} aria-rowcount={items.length + 1} tabIndex={0}>
      {header}
      <div role="rowgroup" className="rows-all" style={{ height: items.length * rowHeight }}>
        <div role="presentation" style={{ transform: `translateY(${first * rowHeight}px)` }}>
          {items.slice(first, last).map((item, index) => render(item, first + index))}
        </div>
      </div>
    </div>
  );
}

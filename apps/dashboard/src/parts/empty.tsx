import type { ReactNode } from 'react';

import { CliLine } from './cli-line.tsx';

/** Nothing is there: says what would be, and how to make it so. */
export function Empty({ title, children, cli }: { title: string; children?: ReactNode; cli?: readonly string[] }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children}
      {cli?.map((line) => (
        <CliLine key={line} line={line} />
      ))}
    </div>
  );
}

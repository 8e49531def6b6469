import type { ReactNode } from 'react';

import type { Resource } from '../store/resource.ts';
import { ProblemNote } from './problem.tsx';

/** What is shown of an answer: itself, that it comes, or why it does not. */
export function Loaded<T>({
  of,
  children,
}: {
  of: Resource<T> & { reload: () => void };
  children: (data: T) => ReactNode;
}) {
  if (of.data !== null)
    return (
      <>
        {of.error !== null && <ProblemNote error={of.error} retry={of.reload} />}
        {children(of.data)}
      </>
    );
  if (of.error !== null) return <ProblemNote error={of.error} retry={of.reload} />;
  return <p className="soft loading">Loading…</p>;
}

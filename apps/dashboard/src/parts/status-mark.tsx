import type { RunStatus, TaskStatus } from '@weft/contract';

export type AnyStatus = RunStatus | TaskStatus;

/** A status is told by shape, word and colour, never by colour alone. */
export const SHAPES: Readonly<Record<AnyStatus, string>> = {
  pending: '◌',
  ready: '○',
  running: '◐',
  waiting: '◷',
  interrupted: '?',
  succeeded: '✓',
  failed: '✕',
  skipped: '⤼',
  cancelled: '⊘',
};

export function StatusMark({ status, isShort = false }: { status: AnyStatus; isShort?: boolean }) {
  return (
    <span className={`status status-${status}`}>
      <span className="status-shape" aria-hidden="true">
        {SHAPES[status]}
      </span>
      <span className={isShort ? 'unseen' : undefined}>{status}</span>
    </span>
  );
}

import { sentText } from './item-counts.ts';
import type { NodeRow } from './run-view.ts';

/** What a waiting node waits for, in words. */
export function waitsText({
  waits,
  question,
  dueAt,
  sent,
}: Pick<NodeRow, 'waits' | 'question' | 'dueAt' | 'sent'>): string {
  const until = dueAt === null ? '' : ` until ${new Date(dueAt).toISOString()}`;
  switch (waits) {
    case 'answer':
      return question === null ? 'waits for an answer' : `asks: ${question}`;
    case 'child_answer':
      return 'its child run waits for an answer';
    case 'child':
      return 'waits for its child run';
    case 'items':
      return sent === null ? 'waits for its items' : sentText(sent);
    case 'signal':
      return `waits for a signal${until}`;
    case 'time':
      return `waits${until}`;
    case 'retry':
    case null:
      return 'waits for its next attempt';
  }
}

/** Open questions for people: what is asked, and the command that answers it. */
import type { Interrupt } from '@weft/contract';
import { plainText } from './plain-text.ts';

/** What the question asks, on one line. */
export function questionText({ node, at, message }: Interrupt): string {
  if (at !== 'node') return plainText(`${node}: a breakpoint holds the run ${at} it`);
  return plainText(message === null ? `${node} asks for an answer` : `${node} asks: ${message}`);
}

/** The question, and how to answer it. `runId`: the run that the reader looks at. */
export function questionLines(interrupt: Interrupt, runId: string): string[] {
  const { id, at, answerSchema, expiresAt } = interrupt;
  const until = expiresAt === null ? '' : ` (until ${expiresAt})`;
  return [
    `? ${questionText(interrupt)}${until}`,
    `  weft answer ${runId} ${id}${at === 'node' ? ` ${valueHint(answerSchema)}` : ''}`,
  ];
}

function valueHint(schema: Interrupt['answerSchema']): string {
  return schema?.['type'] === 'boolean' ? '--approve | --reject' : '--value JSON';
}

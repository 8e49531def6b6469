/** Open questions for people: what is asked, and the command that answers it. */
import type { Interrupt } from '@weft/contract';
import { plainText } from './plain-text.ts';

export const MORE_QUESTIONS = '? and more: weft interrupts';

/** Questions that are told with their run; the others are said to be there. */
const MOST_SHOWN = 10;

/** The first of many questions, each with how to answer it. */
export function someQuestionLines(interrupts: readonly Interrupt[], runId: string): string[] {
  const lines = interrupts.slice(0, MOST_SHOWN).flatMap((interrupt) => questionLines(interrupt, runId));
  return interrupts.length > MOST_SHOWN ? [...lines, MORE_QUESTIONS] : lines;
}

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

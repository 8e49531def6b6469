/** weft answer: answers a question of a run. */
import { exitCodes, type ExitCode, type Interrupt, type Json, type Run } from '@weft/contract';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import { parseValue } from '../input/parse-input.ts';
import { someQuestionLines, questionText } from '../output/question-lines.ts';
import { afterSteering, type SteerOptions } from './steer-options.ts';

export type AnswerOptions = SteerOptions & { value?: string | undefined; approve: boolean; reject: boolean };

/** `question` is the id of a question or the name of the node that asks; it may be left out where only one is open. */
export async function answerCommand(
  context: CommandContext,
  runId: string,
  { question, ...options }: AnswerOptions & { question: string | undefined },
): Promise<ExitCode> {
  const { client, interrupt: signal } = context;
  const value = valueOf(options);
  const run = await client.runs.get(runId, { signal });
  const open = openQuestion(run, question);
  if (value === undefined && open?.at === 'node') throw unanswered(open);
  // An id that is not among them is for the server to say: it may have been answered.
  const id = open?.id ?? question ?? '';
  const answered = await client.runs.answer(runId, id, value ?? null, { user: options.by, signal });
  return afterSteering(context, answered, options);
}

function valueOf({ value, approve, reject }: AnswerOptions): Json | undefined {
  const given = [value !== undefined, approve, reject].filter(Boolean);
  if (given.length > 1) throw usage('give one of --value, --approve and --reject');
  if (approve || reject) return approve;
  return value === undefined ? undefined : parseValue(value);
}

const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function openQuestion({ id, interrupts = [] }: Run, wanted: string | undefined): Interrupt | null {
  const open =
    wanted === undefined ? interrupts : interrupts.filter((each) => each.id === wanted || each.node === wanted);
  const [only] = open;
  if (open.length === 1 && only) return only;
  if (open.length > 1) {
    const lines = someQuestionLines(open, id);
    throw new CliError('conflict', 'several questions are open; name one of them', {
      exitCode: exitCodes.conflict,
      lines,
    });
  }
  if (wanted !== undefined && ID.test(wanted)) return null;
  const message = wanted === undefined ? 'the run asks nothing' : `the run asks nothing at ${wanted} any more, or yet`;
  throw new CliError('conflict', message, { exitCode: exitCodes.conflict });
}

function unanswered(question: Interrupt): CliError {
  const { answerSchema } = question;
  const lines = [questionText(question), ...(answerSchema === null ? [] : [`schema: ${JSON.stringify(answerSchema)}`])];
  return usage('give the answer with --value JSON, --approve (true) or --reject (false)', lines);
}

function usage(message: string, lines: string[] = []): CliError {
  return new CliError('usage', message, { exitCode: exitCodes.usage, lines });
}

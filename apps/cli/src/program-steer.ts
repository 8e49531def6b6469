/** The commands that answer, resume, signal and update runs. */
import { type Command, Option } from 'commander';
import type { AnswerOptions } from './commands/answer.ts';
import type { SteerOptions } from './commands/steer-options.ts';
import type { Perform } from './perform.ts';
import { collect, parseLimit, timeoutOption, type Timed } from './program-runs.ts';

export function addSteerCommands(program: Command, perform: Perform): void {
  addAnswer(program, perform);
  addApprove(program, perform);
  addResume(program, perform);
  program
    .command('signal <run> <name>')
    .description('give a signal to a run; one that nothing waits for yet is kept')
    .option('--payload <json>', 'what comes with it; JSON if it is JSON, else text (null)')
    .action((id: string, name: string, options: { payload?: string }, command: Command) =>
      perform(command, async (context) =>
        (await import('./commands/signal.ts')).signalCommand(context, id, { name, payload: options.payload }),
      ),
    );
  program
    .command('state <run>')
    .description('update the state of a run, at once or after a node')
    .requiredOption('-s, --set <key=value>', 'an update of a key; JSON if it is JSON; may be repeated', collect)
    .option('--after <node>', 'right after this node settles the next time')
    .action((id: string, options: { set: string[]; after?: string }, command: Command) =>
      perform(command, async (context) => {
        const { set, after } = options;
        return (await import('./commands/state.ts')).stateCommand(context, id, { set, after });
      }),
    );
  program
    .command('interrupts')
    .description('list the questions of all runs that wait for answers, newest last')
    .option('-n, --limit <count>', 'how many, at most 200', parseLimit, 50)
    .option('--cursor <cursor>', 'where the page before ended')
    .action(({ limit, cursor }: { limit: number; cursor?: string }, command: Command) =>
      perform(command, async (context) =>
        (await import('./commands/interrupts.ts')).interruptsCommand(context, { limit, cursor }),
      ),
    );
}

function addAnswer(program: Command, perform: Perform): void {
  program
    .command('answer <run> [question]')
    .description('answer a question of a run: its id or its node; none is needed where only one is open')
    .option('-v, --value <json>', 'the answer; JSON if it is JSON, else text')
    .option('--approve', 'answer true', false)
    .option('--reject', 'answer false', false)
    .addOption(byOption())
    .option('-w, --watch', 'follow the run to its end', false)
    .addOption(timeoutOption())
    .action((id: string, question: string | undefined, options: Timed<AnswerOptions>, command: Command) =>
      perform(command, async (context) => {
        const { timeout, ...rest } = options;
        const all = { ...rest, question, timeoutMs: timeout ?? null };
        return (await import('./commands/answer.ts')).answerCommand(context, id, all);
      }),
    );
}

function addApprove(program: Command, perform: Perform): void {
  program
    .command('approve <run> [question]')
    .description('answer a question of a run with yes; the same as answer --approve')
    .addOption(byOption())
    .option('-w, --watch', 'follow the run to its end', false)
    .addOption(timeoutOption())
    .action((id: string, question: string | undefined, options: Timed<SteerOptions>, command: Command) =>
      perform(command, async (context) => {
        const { timeout, ...rest } = options;
        const all = { ...rest, question, approve: true, reject: false, timeoutMs: timeout ?? null };
        return (await import('./commands/answer.ts')).answerCommand(context, id, all);
      }),
    );
}

function addResume(program: Command, perform: Perform): void {
  program
    .command('resume <run>')
    .description('pass all breakpoints that hold a run')
    .option('-s, --set <key=value>', 'update a key of the state first; may be repeated', collect, [])
    .addOption(byOption())
    .option('-w, --watch', 'follow the run to its end', false)
    .addOption(timeoutOption())
    .action((id: string, options: Timed<SteerOptions & { set: string[] }>, command: Command) =>
      perform(command, async (context) => {
        const { timeout, ...rest } = options;
        const all = { ...rest, timeoutMs: timeout ?? null };
        return (await import('./commands/resume.ts')).resumeCommand(context, id, all);
      }),
    );
}

function byOption(): Option {
  return new Option('--by <name>', 'who answers; it is kept with the answer');
}

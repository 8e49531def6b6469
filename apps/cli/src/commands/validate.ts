/** weft validate: everything that is wrong with a document, without a server. */
import { exitCodes, type ExitCode, type Validation } from '@weft/contract';
import { diagramOf, toMermaid } from '@weft/engine/domain';
import { say, writeJson, type CommandContext } from '../command-context.ts';
import { maxNodes } from '../config.ts';
import { fileOfArgument, placedLine } from '../input/document-file.ts';
import { readWorkflowFile } from '../input/offline-workflow.ts';

type OfflineContext = Pick<CommandContext, 'terminal' | 'json' | 'env'>;

export async function validateCommand(context: OfflineContext, argument: string): Promise<ExitCode> {
  const file = (await fileOfArgument(argument)) ?? argument;
  const read = await readWorkflowFile(file, maxNodes(context.env));
  const errors = read.ok ? [] : read.errors;
  if (context.json) {
    const mermaid = read.ok ? toMermaid(diagramOf(read.document)) : null;
    writeJson(context, { valid: read.ok, errors, mermaid } satisfies Validation);
  } else {
    for (const error of errors) context.terminal.out.write(`${placedLine(file, error)}\n`);
    say(
      context,
      read.ok
        ? `${file} is valid: ${counted(Object.keys(read.document.nodes).length, 'node')}`
        : counted(errors.length, 'error'),
    );
  }
  return read.ok ? exitCodes.ok : exitCodes.invalidDocument;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

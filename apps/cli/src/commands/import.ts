/** weft import: a workflow of another format as a native one, without a server. */
import { exitCodes, type ExitCode, type ForeignFormat, type ProblemItem } from '@weft/contract';
import { usableTypes } from '@weft/executors';
import { importWorkflow } from '@weft/formats';
import { writeYaml } from '@weft/formats/write-yaml';
import { type CommandContext, say, writeJson } from '../command-context.ts';
import { maxNodes } from '../config.ts';
import { invalidDocument, placedLine, readDocumentFile } from '../input/document-file.ts';
import { plainText } from '../output/plain-text.ts';

type OfflineContext = Pick<CommandContext, 'terminal' | 'json' | 'env'>;

/**
 * Writes the native document to the standard output, and to the error output what could not be mapped exactly and what the
 * engine cannot run yet. A document that is invalid is refused.
 */
export async function importCommand(context: OfflineContext, file: string, format: ForeignFormat): Promise<ExitCode> {
  const { value, locate } = await readDocumentFile(file);
  const env = await validationEnv(context);
  const { document, errors, report } = importWorkflow(value, { format, env, locate });
  const invalid = errors.filter(({ code }) => document === undefined || code !== 'node_type_unsupported');
  if (document === undefined || invalid.length > 0) throw invalidDocument(file, invalid);
  if (context.json) writeJson(context, document);
  else context.terminal.out.write(writeYaml(document));
  tell(context, file, [...report, ...errors]);
  return exitCodes.ok;
}

async function validationEnv({ env }: OfflineContext) {
  const executorNames = await usableTypes();
  return { executorNames, maxNodes: maxNodes(env), hasExecutor: (type: string) => executorNames.includes(type) };
}

function tell(context: OfflineContext, file: string, remarks: readonly ProblemItem[]): void {
  if (context.json) return say(context, JSON.stringify({ report: remarks }));
  for (const remark of remarks) say(context, plainText(placedLine(file, remark)));
  say(
    context,
    remarks.length === 0
      ? 'everything could be mapped'
      : remarks.length === 1
        ? '1 remark'
        : `${remarks.length} remarks`,
  );
}

/** weft graph: the drawing of a file (without a server), of a saved workflow, or of a run with its statuses. */
import { exitCodes, type ExitCode, type Json, type WorkflowDocument } from '@weft/contract';
import { diagramOf, toDot, toMermaid } from '@weft/engine/domain';
import type { GraphFormat } from '@weft/sdk';
import { writeJson, type CommandContext } from '../command-context.ts';
import { maxNodes } from '../config.ts';
import { fileOfArgument, invalidDocument } from '../input/document-file.ts';
import { readWorkflowFile } from '../input/offline-workflow.ts';
import { withSuggestion } from '../input/suggest-workflow.ts';
import { workflowOfArgument } from '../input/workflow-argument.ts';

export async function graphCommand(context: CommandContext, target: string, format: GraphFormat): Promise<ExitCode> {
  const drawn = await drawTarget(context, target, format);
  if (typeof drawn === 'string') context.terminal.out.write(drawn.endsWith('\n') ? drawn : `${drawn}\n`);
  else writeJson(context, drawn);
  return exitCodes.ok;
}

const RUN_ID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

async function drawTarget(context: CommandContext, target: string, format: GraphFormat): Promise<string | Json> {
  if (RUN_ID.test(target)) return drawRun(context, target, format);
  const file = await fileOfArgument(target);
  return file === null ? drawSaved(context, target, format) : draw(await readValid(context, file), format);
}

function drawRun(
  { client, interrupt: signal }: CommandContext,
  id: string,
  format: GraphFormat,
): Promise<string | Json> {
  return format === 'json' ? client.runs.graph(id, { signal, format }) : client.runs.graph(id, { signal, format });
}

async function readValid({ env }: CommandContext, file: string): Promise<WorkflowDocument> {
  const read = await readWorkflowFile(file, maxNodes(env));
  if (read.ok) return read.document;
  throw invalidDocument(file, read.errors);
}

function draw(document: WorkflowDocument, format: GraphFormat): string | Json {
  const diagram = diagramOf(document);
  switch (format) {
    case 'mermaid':
      return toMermaid(diagram);
    case 'dot':
      return toDot(diagram);
    case 'json':
      return diagram;
    default:
      return format satisfies never;
  }
}

async function drawSaved(context: CommandContext, target: string, format: GraphFormat): Promise<string | Json> {
  const { name, version } = workflowOfArgument(target);
  const options = { version, signal: context.interrupt };
  try {
    if (format === 'json') return await context.client.workflows.graph(name, { ...options, format });
    return await context.client.workflows.graph(name, { ...options, format });
  } catch (error) {
    throw await withSuggestion(context, name, error);
  }
}

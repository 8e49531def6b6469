import { exitCodes } from '@weft/contract';
import { closest } from '@weft/engine/domain';
import { ApiError } from '@weft/sdk';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';

/** For a workflow that the server does not have: the same refusal with the name that was probably meant. */
export async function withSuggestion(context: CommandContext, name: string, error: unknown): Promise<unknown> {
  if (!(error instanceof ApiError) || error.status !== 404) return error;
  const page = await context.client.workflows.list({ limit: 200, signal: context.interrupt }).catch(() => null);
  const names = page?.items.map((workflow) => workflow.name) ?? [];
  const near = closest(name, names);
  const lines = [
    ...(near === undefined ? [] : [`Did you mean ${near}?`]),
    ...(names.length === 0 ? ['No workflow is saved yet; a file is run with: weft run FILE.yaml'] : []),
  ];
  return new CliError('not_found', `there is no workflow ${name}`, { exitCode: exitCodes.notFound, lines });
}

/** weft endpoints: what is outside and does work. */
import { exitCodes, type Endpoint, type EndpointProtocol, type ExitCode } from '@weft/contract';

import { CliError } from '../cli-error.ts';
import { say, writeJson, type CommandContext } from '../command-context.ts';
import { fieldsOf, unset, type FieldOptions } from '../input/endpoint-fields.ts';
import { ENDPOINT_HEADER, endpointLines, endpointRow } from '../output/endpoint-lines.ts';
import { painter } from '../output/paint.ts';
import { tableLines } from '../output/table.ts';

export type ListOptions = { tag?: string; protocol?: EndpointProtocol; limit: number; cursor?: string };
export type AddOptions = FieldOptions & { protocol: EndpointProtocol };
export type UpdateOptions = FieldOptions & { protocol?: EndpointProtocol; unset?: string[] };

export async function listEndpoints(context: CommandContext, options: ListOptions): Promise<ExitCode> {
  const { client, terminal, interrupt: signal } = context;
  const page = await client.endpoints.list({ ...options, signal });
  if (context.json) {
    writeJson(context, page);
    return exitCodes.ok;
  }
  if (page.items.length === 0) say(context, 'no endpoints');
  else {
    const [first = '', ...lines] = tableLines(ENDPOINT_HEADER, page.items.map(endpointRow));
    terminal.out.write(`${[painter(terminal.out.color)('dim', first), ...lines].join('\n')}\n`);
  }
  if (page.nextCursor !== null) say(context, `more: --cursor ${page.nextCursor}`);
  return exitCodes.ok;
}

export async function showEndpoint(context: CommandContext, name: string): Promise<ExitCode> {
  const endpoint = await context.client.endpoints.get(name, { signal: context.interrupt });
  if (context.json) writeJson(context, endpoint);
  else context.terminal.out.write(`${endpointLines(endpoint).join('\n')}\n`);
  return exitCodes.ok;
}

export async function addEndpoint(
  context: CommandContext,
  { name, url, options }: { name: string; url: string; options: AddOptions },
): Promise<ExitCode> {
  const wanted = { name, url, protocol: options.protocol, ...(await fieldsOf(options)) };
  const made = await context.client.endpoints.create(wanted, { signal: context.interrupt });
  return tell(context, made, 'is registered');
}

export async function updateEndpoint(
  context: CommandContext,
  { name, url, options }: { name: string; url: string | undefined; options: UpdateOptions },
): Promise<ExitCode> {
  const { client, interrupt: signal } = context;
  const { protocol, unset: gone = [] } = options;
  const before = await client.endpoints.get(name, { signal });
  const place = { ...(protocol !== undefined && { protocol }), ...(url !== undefined && { url }) };
  const changes = { ...place, ...unset(gone), ...(await fieldsOf(options, before)) };
  if (Object.keys(changes).length === 0)
    throw new CliError('usage', 'nothing is named that shall change', { exitCode: exitCodes.usage });
  return tell(context, await client.endpoints.update(name, changes, { signal }), 'is changed');
}

export async function removeEndpoint(context: CommandContext, name: string): Promise<ExitCode> {
  return tell(context, await context.client.endpoints.remove(name, { signal: context.interrupt }), 'is removed');
}

export async function drainEndpoint(
  context: CommandContext,
  verb: 'drain' | 'undrain',
  name: string,
): Promise<ExitCode> {
  const endpoint = await context.client.endpoints[verb](name, { signal: context.interrupt });
  const drains = `gets nothing new; ${endpoint.running} calls are under way`;
  return tell(context, endpoint, verb === 'drain' ? drains : 'gets work again');
}

export async function setCircuit(context: CommandContext, name: string, state: string): Promise<ExitCode> {
  if (state !== 'open' && state !== 'closed')
    throw new CliError('usage', `a circuit is set to open or closed, not "${state}"`, { exitCode: exitCodes.usage });
  const endpoint = await context.client.endpoints.setCircuit(name, state, { signal: context.interrupt });
  return tell(context, endpoint, `has its circuit ${state}`);
}

function tell(context: CommandContext, endpoint: Endpoint, what: string): ExitCode {
  if (context.json) writeJson(context, endpoint);
  else say(context, `the endpoint ${endpoint.name} (${endpoint.protocol}, ${endpoint.url}) ${what}`);
  return exitCodes.ok;
}

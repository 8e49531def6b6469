/** weft mesh: single tasks for the best endpoint, and how the mesh is. */
import { exitCodes, type DispatchResult, type ExitCode, type Scaling } from '@weft/contract';
import { CliError } from '../cli-error.ts';
import { say, writeJson, type CommandContext } from '../command-context.ts';
import { readText } from '../input/read-text.ts';
import { formatDuration } from '../output/duration.ts';
import { painter } from '../output/paint.ts';
import { plainText } from '../output/plain-text.ts';
import { tableLines } from '../output/table.ts';
import { usageText } from '../output/usage-text.ts';

export type DispatchOptions = {
  type?: string;
  priority?: string;
  tag?: string[];
  model?: string;
  usd?: number;
  /** ms. */
  wait: number;
  key?: string;
};

export async function dispatch(context: CommandContext, given: string, options: DispatchOptions): Promise<ExitCode> {
  const { type, priority, tag, model, usd, wait, key } = options;
  const task = given === '-' ? await readText('-') : given;
  const request = {
    task,
    ...(type !== undefined && { taskType: type }),
    ...(priority !== undefined && { priority }),
    ...(tag && { tags: tag }),
    ...(model !== undefined && { model }),
    ...(usd !== undefined && { budget: { usd } }),
    ...(wait > 0 && { wait: `${Math.round(wait)}ms` }),
  };
  const result = await context.client.mesh.dispatch(request, { signal: context.interrupt, idempotencyKey: key });
  if (context.json) writeJson(context, result);
  else tellResult(context, result);
  if (result.success === false) return exitCodes.runFailed;
  return result.success === null && wait > 0 ? exitCodes.timeout : exitCodes.ok;
}

function tellResult(context: CommandContext, result: DispatchResult): void {
  const { taskId, runId, status, dispatchedTo, costOptimalNode, latencyMs, error, output, usage } = result;
  const where = dispatchedTo === null ? 'not sent anywhere yet' : `sent to ${dispatchedTo}`;
  const cheaper = costOptimalNode === null || costOptimalNode === dispatchedTo ? [] : [`cheapest: ${costOptimalNode}`];
  const took = latencyMs === null ? [] : [formatDuration(latencyMs)];
  const spent = usageText(usage);
  say(context, [`task ${taskId}`, status, where, ...cheaper, ...took, ...(spent === '' ? [] : [spent])].join(', '));
  if (result.success === null) say(context, `weft why ${taskId} says why; weft watch ${runId} follows it`);
  if (error) say(context, plainText(`${error.code}: ${error.message}`));
  if (result.success) context.terminal.out.write(`${typeof output === 'string' ? output : JSON.stringify(output)}\n`);
}

export async function showCircuits(context: CommandContext): Promise<ExitCode> {
  const circuits = await context.client.mesh.circuits({ signal: context.interrupt });
  if (context.json) writeJson(context, circuits);
  else if (circuits.items.length === 0) say(context, 'no endpoints');
  else {
    const rows = circuits.items.map(({ endpoint, circuit, status, latencyMs, running, succeeded, failed, retryAt }) => [
      endpoint,
      circuit,
      status,
      latencyMs === null ? '-' : formatDuration(latencyMs),
      String(running),
      String(succeeded),
      String(failed),
      retryAt ?? '-',
    ]);
    const header = ['ENDPOINT', 'CIRCUIT', 'STATUS', 'LATENCY', 'RUNNING', 'SUCCEEDED', 'FAILED', 'NEXT TRIAL'];
    writeTable(context, header, rows);
  }
  return exitCodes.ok;
}

export async function showMetrics(context: CommandContext): Promise<ExitCode> {
  const metrics = await context.client.mesh.metrics({ signal: context.interrupt });
  if (context.json) writeJson(context, metrics);
  else {
    const { nodesActive, nodesTotal, circuitBreakersOpen, health, healthScore } = metrics;
    const emergencyText = metrics.emergency ? ', emergency: everything goes to the cheapest' : '';
    const out = [
      `endpoints  ${nodesActive} of ${nodesTotal} active, ${circuitBreakersOpen} circuits open, ${health} (${healthScore})${emergencyText}`,
      `work       ${metrics.queueDepth} waiting, ${metrics.heldBack} held back, ${metrics.tasksPerSecond}/s, ${formatDuration(metrics.avgLatencyMs)} each`,
    ];
    context.terminal.out.write(`${out.join('\n')}\n`);
  }
  return exitCodes.ok;
}

export async function scaling(context: CommandContext, { sla }: { sla?: number }): Promise<ExitCode> {
  const { mesh } = context.client;
  const signal = context.interrupt;
  const decided =
    sla === undefined ? await mesh.scaling({ signal }) : await mesh.setScaling({ slaMs: sla }, { signal });
  if (context.json) writeJson(context, decided);
  else tellScaling(context, decided);
  return exitCodes.ok;
}

const EVENTS_SHOWN = 10;

function tellScaling(context: CommandContext, decided: Scaling): void {
  const { action, reason, demandScore, queueDepth, avgLatencyMs, slaMs, healthScore, health } = decided;
  const { activeNodes, totalNodes, workersWanted, decidedAt, scaleEvents } = decided;
  const lines = [
    `${action} (${reason}) at ${decidedAt}: ${totalNodes} workers, ${workersWanted} wanted`,
    `D ${demandScore}  queue ${queueDepth}, latency ${formatDuration(avgLatencyMs)} of ${formatDuration(slaMs)}`,
    `health ${healthScore} (${health}), ${activeNodes} of ${totalNodes} workers in good order`,
  ];
  context.terminal.out.write(`${lines.join('\n')}\n`);
  const rows = scaleEvents
    .slice(0, EVENTS_SHOWN)
    .map((event) => [
      event.at,
      event.by,
      event.action,
      event.reason,
      `${event.fromWorkers} -> ${event.toWorkers}`,
      String(event.demandScore),
    ]);
  if (rows.length > 0) writeTable(context, ['AT', 'BY', 'ACTION', 'REASON', 'WORKERS', 'D'], rows);
}

export async function emergency(
  context: CommandContext,
  wanted: string | undefined,
  { reason, everywhere }: { reason?: string; everywhere: boolean },
): Promise<ExitCode> {
  if (wanted !== undefined && wanted !== 'on' && wanted !== 'off')
    throw new CliError('usage', 'it is switched `on` or `off`', { exitCode: exitCodes.usage });
  const { mesh } = context.client;
  const signal = context.interrupt;
  const change = { active: wanted === 'on', everywhere, ...(reason !== undefined && { reason }) };
  const is = wanted === undefined ? await mesh.emergency({ signal }) : await mesh.setEmergency(change, { signal });
  if (context.json) writeJson(context, is);
  else if (!is.active) say(context, 'no emergency');
  else {
    const why = is.reason === null ? '' : `: ${plainText(is.reason)}`;
    const whose = is.everywhere ? ' of all tenants' : '';
    say(context, `emergency since ${is.since}: everything${whose} goes to the cheapest endpoint${why}`);
  }
  return exitCodes.ok;
}

function writeTable({ terminal }: CommandContext, header: string[], rows: string[][]): void {
  const [first = '', ...lines] = tableLines(header, rows);
  terminal.out.write(`${[painter(terminal.out.color)('dim', first), ...lines].join('\n')}\n`);
}

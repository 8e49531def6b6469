import { fileURLToPath } from 'node:url';

import type { Json, JsonObject } from '@weft/contract';
import { closeMcpServers, loadExecutors } from '@weft/executors';
import { executorCall } from '@weft/testkit/conformance/executor';
import { afterAll, describe, expect, test } from 'vitest';

import type { ToolRequest, ToolRun, ToolRunner } from '../../src/index.ts';
import { rigOf, said } from './rig.ts';

const SERVER = fileURLToPath(new URL('../../../executors/test/fixtures/mcp-hostile.mjs', import.meta.url));
const desk = (mode = 'chatty') => ({
  desk: { mcp: { command: [process.execPath, SERVER, mode], env: { KEY: { secret: 'DESK' } } } },
});

afterAll(() => closeMcpServers());

/** Runs of one node, carried out by the executor itself; each is seen once while it runs. */
function runner(): { tools: ToolRunner; requests: ToolRequest[] } {
  const requests: ToolRequest[] = [];
  const ended = new Map<string, ToolRun>();
  const seen = new Set<string>();
  const tools: ToolRunner = {
    async start(request) {
      const runId = request.key;
      requests.push(request);
      ended.set(runId, await carryOut(request));
      return { runId };
    },
    async look(_tenant, runId) {
      if (!seen.has(runId)) return (seen.add(runId), { kind: 'running' });
      return ended.get(runId) ?? { kind: 'running' };
    },
    cancel: async () => undefined,
  };
  return { tools, requests };
}

async function carryOut({ work, input }: ToolRequest): Promise<ToolRun> {
  const { nodes } = (work as { document: { nodes: Record<string, { with: JsonObject }> } }).document;
  const given = Object.values(nodes)[0]?.with ?? {};
  const rendered = { ...given, env: { KEY: 'k' }, ...(given['arguments'] !== undefined && { arguments: input }) };
  const outcome = await (await loadExecutors()).get('mcp')?.run(executorCall(rendered));
  if (outcome?.kind === 'succeeded') return { kind: 'ended', output: outcome.output, error: null };
  return { kind: 'ended', output: null, error: outcome?.kind === 'failed' ? outcome.error : null };
}

describe('an agent with the tools of an MCP server', () => {
  test('is offered them by the names and schemas that the server gives, and has them called as runs', async () => {
    const { tools, requests } = runner();
    const rig = rigOf({
      deps: { tools },
      answer: ({ messages }) => {
        const last = messages.at(-1);
        if (last?.role === 'tool') return said(`it said ${last.content}`);
        return said('', { toolCalls: [{ id: 'c1', name: 'desk_act', arguments: { n: '{{ 7 }}' } }] });
      },
    });
    const outcomes = await rig.runAll({ tools: desk() });

    expect(outcomes[0]).toMatchObject({ kind: 'again', note: { waitsFor: 'tools' } });
    expect(outcomes.at(-1)).toMatchObject({
      kind: 'succeeded',
      output: expect.stringMatching(/^it said \{"text":"pid \d+/),
    });
    expect(rig.calls[0]?.tools).toEqual([{ name: 'desk_act', description: '', parameters: { type: 'object' } }]);
    expect(requests.map(({ key, tags }) => [key.split(':').slice(2).join(':'), tags[0]])).toEqual([
      ['list:desk', 'tool:desk'],
      ['1:c1', 'tool:desk_act'],
    ]);
    expect(requests[1]).toMatchObject({
      input: { n: '{{ 7 }}' },
      work: {
        document: {
          nodes: {
            call: { uses: 'mcp', with: { tool: 'act', arguments: '${input}', env: { KEY: { secret: 'DESK' } } } },
          },
        },
      },
    });
  });

  test('may be offered some of them only', async () => {
    const { tools } = runner();
    const rig = rigOf({ deps: { tools } });
    await rig.runAll({ tools: { desk: { mcp: { ...desk().desk.mcp, tools: ['other'] } } } });

    expect(rig.calls[0]?.tools).toEqual([]);
  });

  test('fails where the server cannot say what it has', async () => {
    const { tools } = runner();
    const outcomes = await rigOf({ deps: { tools } }).runAll({ tools: desk('exit') });

    expect(outcomes.at(-1)).toMatchObject({
      kind: 'failed',
      error: { code: 'mcp_tools_unavailable', retryable: false, details: { code: 'mcp_server_died' } },
    });
  });

  test('cannot ask for what was not offered', async () => {
    const { tools, requests } = runner();
    const answers: Json[] = [];
    const rig = rigOf({
      deps: { tools },
      answer: ({ messages }) => {
        const last = messages.at(-1);
        if (last?.role === 'tool') return (answers.push(last.content), said('well'));
        return said('', { toolCalls: [{ id: 'c1', name: 'desk', arguments: {} }] });
      },
    });
    await rig.runAll({ tools: desk() });

    expect(answers[0]).toContain('there is no tool desk; there are desk_act');
    expect(requests).toHaveLength(1);
  });
});

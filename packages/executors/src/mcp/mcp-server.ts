/** A connection to one MCP server. */
import type { Client } from '@modelcontextprotocol/client';
import type { JsonObject } from '@weft/contract';

import { boundedFetch } from './bounded-fetch.ts';
import type { McpInput } from './mcp-input.ts';
import { StdioTransport } from './stdio-transport.ts';

/** A server that does not know the newest way to begin says nothing to it; then it is spoken to in the old one. */
const PROBE_MS = 2000;
const CONNECT_MS = 30_000;

export type McpTool = { name: string; description?: string | undefined; inputSchema: JsonObject };

export type ServerAddress = Pick<McpInput, 'command' | 'env' | 'cwd' | 'url' | 'headers'>;

export class McpServer {
  readonly client: Client;
  /** Null for a server behind a URL. */
  readonly stdio: StdioTransport | null;
  #tools: Promise<McpTool[]> | null = null;
  #isOver = false;

  private constructor(client: Client, stdio: StdioTransport | null) {
    this.client = client;
    this.stdio = stdio;
    Object.assign(client, { onclose: () => (this.#isOver = true), onerror: () => undefined });
  }

  /** `onStart` gets the server before it is connected, so that what it said can be told where that fails. */
  static async open(
    address: ServerAddress,
    timeoutMs: number,
    onStart: (server: McpServer) => void,
  ): Promise<McpServer> {
    const timeout = Math.min(CONNECT_MS, timeoutMs);
    const { Client, StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
    // Interpreted: no code is made from what a server says of its answers.
    const { CfWorkerJsonSchemaValidator } = await import('@modelcontextprotocol/client/validators/cf-worker');
    const newClient = (mode: 'auto' | 'legacy'): Client =>
      new Client(
        { name: 'weft', version: '1' },
        {
          versionNegotiation: { mode, probe: { timeoutMs: PROBE_MS } },
          jsonSchemaValidator: new CfWorkerJsonSchemaValidator(),
        },
      );
    const { command, env, cwd, url, headers } = address;
    if (command === undefined) {
      const server = new McpServer(newClient('auto'), null);
      onStart(server);
      const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
      const options = { fetch: boundedFetch, requestInit: { headers: sent } };
      await server.client.connect(new StreamableHTTPClientTransport(new URL(url ?? ''), options), { timeout });
      return server;
    }
    const start = async (mode: 'auto' | 'legacy'): Promise<McpServer> => {
      const stdio = new StdioTransport({ command, env, cwd });
      const server = new McpServer(newClient(mode), stdio);
      onStart(server);
      await server.client.connect(stdio, { timeout }).catch(async (error: unknown) => {
        await server.close();
        throw error;
      });
      return server;
    };
    // In the old way first: any server knows it today, and some leave at once when they hear anything else.
    return start('legacy').catch((error: unknown) => (isRefusal(error) ? start('auto') : Promise.reject(error)));
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Asked for once; again where it failed, or when the server says that they have changed. */
  tools(signal: AbortSignal, timeoutMs: number): Promise<McpTool[]> {
    const asked = (this.#tools ??= this.client.listTools(undefined, { timeout: timeoutMs, signal }).then(({ tools }) =>
      tools.map(({ name, description, inputSchema }) => ({
        name,
        description,
        inputSchema: inputSchema as JsonObject,
      })),
    ));
    asked.catch(() => (this.#tools = null));
    return asked;
  }

  forgetTools(): void {
    this.#tools = null;
  }

  async close(): Promise<void> {
    this.#isOver = true;
    await this.client.close().catch(() => undefined);
    await this.stdio?.close();
  }
}

/** It has answered, and knows another way only. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && (error.name === 'ProtocolError' || error.name === 'UnsupportedProtocolVersionError');
}

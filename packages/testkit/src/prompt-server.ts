/** Endpoints for tests of mesh executions: what is answered stands in the last line of the prompt. */
import type { ServerResponse } from 'node:http';

import { bodyOf, startServer } from './local-server.ts';

export type PromptServer = {
  url: string;
  /** The prompts that have come, in order. */
  prompts: string[];
  /** Answers a prompt whose last line is `hold NAME`, once it is there. */
  release(name: string): void;
  /** Which are held. */
  held(): string[];
  close(): Promise<void>;
};

/** `say TEXT`, `cost USD`, `hold NAME`, `fail` (for good), `break` (for now, once); anything else is said again. */
export async function startPromptServer(): Promise<PromptServer> {
  const prompts: string[] = [];
  const held = new Map<string, ServerResponse>();
  const broken = new Set<string>();
  const { base, close } = await startServer((request, response) => {
    void bodyOf(request).then((text) => {
      if (request.method !== 'POST') return response.writeHead(200).end();
      const { message } = JSON.parse(text) as { message: string };
      prompts.push(message);
      const [verb = '', ...words] = (message.split('\n').at(-1) ?? '').split(' ');
      const rest = words.join(' ');
      if (verb === 'hold') return void held.set(rest, response);
      if (verb === 'fail') return reply(response, 400, { error: 'no' });
      if (verb === 'break' && !broken.has(rest)) {
        broken.add(rest);
        return reply(response, 503, { error: 'busy' });
      }
      if (verb === 'cost') return reply(response, 200, { reply: `paid ${rest}`, cost: Number(rest) });
      return reply(response, 200, { reply: verb === 'say' ? rest : message });
    });
  });
  return {
    url: base,
    prompts,
    release(name) {
      const response = held.get(name);
      if (!response) throw new Error(`${name} is not held`);
      held.delete(name);
      reply(response, 200, { reply: `held ${name}` });
    },
    held: () => Array.from(held.keys()).toSorted(),
    close,
  };
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

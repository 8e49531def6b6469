import type { JsonObject } from '@weft/contract';
import { JsonRecord } from '@weft/contract';
import { z } from 'zod';

import type { ProtocolCall, ProtocolClient } from '../protocol.ts';
import { askJson } from './http/ask-json.ts';
import { httpOptions } from './http/http-options.ts';
import { checkHttpUrl } from './http/http-url.ts';
import { probeHttp } from './http/probe-http.ts';
import { optionsProblem } from './options.ts';

/** How an agent behind a webhook works; it is told with each request. */
const options = z.strictObject({
  ...httpOptions,
  mode: z.string().max(200).optional(),
  callbackUrl: z.url().optional(),
  maxIterations: z.int().min(1).max(10_000).optional(),
  state: JsonRecord.optional(),
});

/** A worker behind a webhook: `{ message, text, session_key, session_id }` there, `{ response }` back. */
export function webhookClient(): ProtocolClient {
  return {
    protocol: 'webhook',
    checkUrl: (url) => checkHttpUrl(url) ?? pathProblem(url),
    checkOptions: (given) => optionsProblem(options, given),
    call: (call) => askJson(call, bodyOf(call)),
    probe: probeHttp,
    close: async () => undefined,
  };
}

function pathProblem(text: string): string | null {
  const { pathname } = new URL(text);
  return pathname === '/' || pathname === '' ? 'a webhook has a path: http://host/path' : null;
}

function bodyOf({ prompt, sessionKey, tools, target }: ProtocolCall): JsonObject {
  const { mode, callbackUrl, maxIterations, state } = options.parse(target.options);
  const wanted = {
    mode,
    callback_url: callbackUrl,
    max_iterations: maxIterations,
    state,
    tools: tools.length === 0 ? undefined : tools.map((tool) => ({ ...tool })),
  };
  const given = Object.entries(wanted).filter(([, value]) => value !== undefined);
  return {
    message: prompt,
    text: prompt,
    session_key: sessionKey,
    session_id: sessionKey,
    ...Object.fromEntries(given),
  };
}

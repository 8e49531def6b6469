import { z } from 'zod';

import type { ProtocolClient } from '../protocol.ts';
import { askJson } from './http/ask-json.ts';
import { httpOptions } from './http/http-options.ts';
import { checkHttpUrl } from './http/http-url.ts';
import { probeHttp } from './http/probe-http.ts';
import { optionsProblem } from './options.ts';

const options = z.strictObject(httpOptions);

/** A chat behind an API: `{ message, session_id }` there, `{ reply }` back. */
export function apiChatClient(): ProtocolClient {
  return {
    protocol: 'api_chat',
    checkUrl: checkHttpUrl,
    checkOptions: (given) => optionsProblem(options, given),
    call: (call) => askJson(call, { message: call.prompt, session_id: call.sessionKey }),
    probe: probeHttp,
    close: async () => undefined,
  };
}

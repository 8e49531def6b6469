/** A client of `/v1/ws` that keeps what it gets. */
import { once } from 'node:events';

import { WS_PROTOCOL, WsFrame } from '@weft/contract';
import { WebSocket } from 'ws';
import type { ClientOptions } from 'ws';

export type SocketLog = {
  socket: WebSocket;
  frames: WsFrame[];
  send(frame: unknown): void;
  /** The frames of one subscription. */
  of(id: string | number): WsFrame[];
  /** The numbered events of one subscription, as their steps. */
  steps(id: string | number): number[];
  closed: Promise<number>;
  close(): Promise<void>;
};

export function toSocketUrl(url: string): string {
  return `${url.replace('http', 'ws')}/v1/ws`;
}

/** Opens a connection; every frame is checked by its schema. Throws what refused it. */
export async function openSocket(
  url: string,
  { protocols = [WS_PROTOCOL], ...options }: ClientOptions & { protocols?: string[] } = {},
): Promise<SocketLog> {
  const socket = new WebSocket(toSocketUrl(url), protocols, options);
  const frames: WsFrame[] = [];
  socket.on('message', (data) => frames.push(WsFrame.parse(JSON.parse((data as Buffer).toString()))));
  const closed = new Promise<number>((resolve) => socket.on('close', (code: number) => resolve(code)));
  await once(socket, 'open');
  socket.on('error', () => undefined);
  const of = (id: string | number): WsFrame[] => frames.filter((frame) => 'id' in frame && frame.id === id);
  return {
    socket,
    frames,
    of,
    closed,
    send: (frame) => socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame)),
    steps: (id) =>
      of(id).flatMap((frame) =>
        frame.t === 'batch' ? frame.events.flatMap(({ n, step }) => (n === undefined ? [step ?? -1] : [])) : [],
      ),
    async close() {
      socket.close();
      await closed;
    },
  };
}

/** What a refused connection was answered. */
export async function refusal(
  url: string,
  options: ClientOptions & { protocols?: string[] },
): Promise<{ status: number; code: string }> {
  const { protocols = [WS_PROTOCOL], ...rest } = options;
  const socket = new WebSocket(toSocketUrl(url), protocols, rest);
  socket.on('error', () => undefined);
  const [, response] = await once(socket, 'unexpected-response');
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode, code: JSON.parse(text).code };
}

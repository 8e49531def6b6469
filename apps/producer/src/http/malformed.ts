import type { Socket } from 'node:net';
import { randomUUID } from 'node:crypto';

import { AppError, toProblem } from '@weft/contract';

import { PROBLEM_TYPE } from './problem-reply.ts';

const STATUS_TEXT: Record<string, string> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** Answers on the bare socket to what is not even HTTP. */
export function answerMalformed(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (!socket.writable) return void socket.destroy();
  const status = STATUS_TEXT[error.code ?? ''] ?? '400 Bad Request';
  const problem = toProblem(new AppError('unparsable', 'the request is not valid HTTP'), randomUUID());
  const body = JSON.stringify({ ...problem, status: Number.parseInt(status, 10) });
  const head = `HTTP/1.1 ${status}\r\nContent-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}`;
  socket.end(`${head}\r\nConnection: close\r\n\r\n${body}`);
}

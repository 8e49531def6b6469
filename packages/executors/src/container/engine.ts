/** The API of a container engine (Docker, or podman speaking like it), over its socket. */
import { existsSync } from 'node:fs';
import type { IncomingMessage, RequestOptions } from 'node:http';
import { request as httpRequest } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream';
import { json, text } from 'node:stream/consumers';

import type { Json } from '@weft/contract';

import { containerHosts } from '../config.ts';

const SHOWN_CHARS = 500;

/** What the engine answered, when that was an error. `status`: 0 where it cannot be reached. */
export class EngineError extends Error {
  readonly status: number;
  override readonly name = 'EngineError';

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** There is no engine, or it is not where DOCKER_HOST says. */
export class NoEngineError extends Error {
  override readonly name = 'NoEngineError';
}

type Place = Pick<RequestOptions, 'socketPath' | 'host' | 'port'>;

export type EngineRequest = {
  query?: Record<string, string | undefined>;
  /** Sent as JSON, or as a tar archive. */
  body?: Json | Readable;
  signal?: AbortSignal;
};

export class Engine {
  readonly #place: Place;

  /** @throws NoEngineError when no socket is there. */
  constructor(hosts = containerHosts()) {
    this.#place = placeOf(hosts);
  }

  /** @throws EngineError when the answer is an error, or there is none. */
  async json(method: string, path: string, request: EngineRequest = {}): Promise<unknown> {
    const response = await this.stream(method, path, request);
    if (response.statusCode === 204 || response.statusCode === 304) return void response.resume();
    const isJson = response.headers['content-type']?.includes('json');
    return isJson ? await json(response) : await text(response);
  }

  /** The answer's body, as it comes. @throws EngineError as `json`. */
  async stream(method: string, path: string, request: EngineRequest = {}): Promise<IncomingMessage> {
    const response = await this.#send(method, path, request);
    const { statusCode = 0 } = response;
    if (statusCode < 400) return response;
    throw new EngineError(statusCode, messageIn(await text(response)));
  }

  #send(method: string, path: string, { query = {}, body, signal }: EngineRequest): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const search = new URLSearchParams(given).toString();
    const isArchive = isReadable(body);
    const outgoing = httpRequest({
      ...this.#place,
      method,
      path: search === '' ? path : `${path}?${search}`,
      headers: body === undefined ? {} : { 'content-type': isArchive ? 'application/x-tar' : 'application/json' },
      ...(signal && { signal }),
      // A connection of its own: an idle one may be closed by the engine just when it is used again.
      agent: false,
    });
    outgoing.once('response', resolve);
    outgoing.once('error', (cause) =>
      reject(new EngineError(0, `the engine cannot be reached: ${cause.message}`, { cause })),
    );
    if (isArchive) {
      // What ended the archive says more than the connection that was cut for it.
      body.once('error', reject);
      pipeline(body, outgoing, () => undefined);
    }
    if (!isArchive) outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    return promise;
  }
}

function isReadable(body: EngineRequest['body']): body is Readable {
  return typeof body === 'object' && body !== null && 'pipe' in body;
}

function placeOf(hosts: readonly string[]): Place {
  for (const host of hosts) {
    const place = placeAt(host);
    if (place && (place.socketPath === undefined || existsSync(place.socketPath))) return place;
  }
  const where = hosts.join(', ');
  throw new NoEngineError(
    `There is no container engine at ${where}: start Docker or "podman system service", or let DOCKER_HOST of the worker say where it listens (unix:///path or tcp://host:port)`,
  );
}

function placeAt(host: string): Place | null {
  if (host.startsWith('unix://')) return { socketPath: host.slice('unix://'.length) };
  const url = URL.canParse(host) ? new URL(host) : null;
  if (url === null || !['tcp:', 'http:'].includes(url.protocol)) return null;
  return { host: url.hostname, port: Number(url.port) || 2375 };
}

function messageIn(body: string): string {
  try {
    const { message }: { message?: unknown } = JSON.parse(body);
    return String(message).slice(0, SHOWN_CHARS);
  } catch {
    return body.slice(0, SHOWN_CHARS);
  }
}

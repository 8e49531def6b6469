/** Sockets for protocols that are not HTTP, under the same guard. */
import { Socket, connect, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';

import { outgoingGuard } from './current-guard.ts';
import { bare } from './guard.ts';

/** Connects to a host, with TLS if asked; to one that is refused the socket ends with an AddressRefusedError. */
export function guardedSocket(place: { host: string; port: number; isTls: boolean }, guard = outgoingGuard()): Socket {
  const { port, isTls } = place;
  const host = bare(place.host);
  const problem = guard.problemOf(host, port);
  if (problem !== null) return new Socket().destroy(problem);
  const options = { host, port, lookup: guard.lookup(port) };
  if (!isTls) return connect(options);
  return connectTls({ ...options, ...(isIP(host) === 0 ? { servername: host } : {}) });
}

/** Tells whoever watches over a worker, which has no other door, that its process lives. */
import { once } from 'node:events';
import { createServer } from 'node:http';

import type { RunningProcess } from './running-process.ts';

/** Answers `GET /healthz` on loopback. Throws the system's error where it cannot listen. */
export async function serveHealth(port: number): Promise<RunningProcess & { port: number }> {
  const server = createServer((request, reply) => {
    const known = request.url === '/healthz';
    reply.writeHead(known ? 200 : 404, { 'content-type': 'application/json', connection: 'close' });
    reply.end(JSON.stringify({ status: known ? 'ok' : 'not found' }));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  // It must not keep a process alive that has nothing else to do.
  server.unref();
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    async stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

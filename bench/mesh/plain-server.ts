/**
 * What submitting is compared with: Fastify and the same zod schema, and a handler that does nothing.
 *
 *     node bench/mesh/plain-server.ts
 */
import { WorkflowDocument } from '@weft/contract';
import { fastify } from 'fastify';

const app = fastify();
app.post<{ Body: { workflow?: unknown } }>('/*', async ({ body }, reply) => {
  const { name } = WorkflowDocument.parse(body.workflow ?? body);
  return reply.code(201).send({ name });
});
const url = await app.listen({ host: '127.0.0.1', port: 0 });
process.on('SIGTERM', () => void app.close().then(() => process.exit(0)));
console.log(url);

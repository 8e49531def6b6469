import type { FastifyInstance } from 'fastify';

/** Requests that are under way when the server closes get so long to be answered; then their connections are cut. */
const WAIT_MS = 5000;

/** Routes that stay open by themselves: they are told to end when the server closes. */
const STAYS_OPEN = /\/(events|ws)$/;

/** Lets what was accepted be answered before the server closes. Who comes later is refused with 503 and may go elsewhere. */
export function endInOrder(app: FastifyInstance): void {
  let underWay = 0;
  let idle = (): void => undefined;
  app.addHook('onRequest', async ({ routeOptions }) => {
    if (!STAYS_OPEN.test(routeOptions.url ?? '')) underWay += 1;
  });
  app.addHook('onResponse', async ({ routeOptions }) => {
    if (STAYS_OPEN.test(routeOptions.url ?? '')) return;
    underWay -= 1;
    if (underWay === 0) idle();
  });
  app.addHook('preClose', async () => {
    if (underWay === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const late = setTimeout(resolve, WAIT_MS);
    idle = resolve;
    await promise;
    clearTimeout(late);
  });
}

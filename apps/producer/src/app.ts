/** Composes the API; listens on nothing. */
import { randomUUID } from 'node:crypto';

import { fastify, LogController } from 'fastify';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';

import type { AppOptions } from './app-options.ts';
import { endInOrder } from './http/end-in-order.ts';
import { registerGuard } from './http/guard.ts';
import { KeyRing } from './keys/key-ring.ts';
import { registerProblems, sendProblem } from './http/problem-reply.ts';
import { MAX_BODY_BYTES, registerBodies } from './http/request-body.ts';
import { validateByZod } from './http/request-problems.ts';
import { collectRoutes } from './http/route-list.ts';
import { isSocketRequest, registerUpgrades } from './http/upgrade.ts';
import { answerMalformed } from './http/malformed.ts';
import { registerRoutes } from './routes/index.ts';
import { openapiRoutes } from './routes/openapi.ts';
import { dashboardRoutes } from './routes/dashboard.ts';
import { pageRoutes } from './routes/pages.ts';

const REQUEST_ID = /^[\w.:-]{1,100}$/;
/** The whole request must have arrived after this time. */
const REQUEST_TIMEOUT_MS = 30_000;

/** The whole API as a Fastify application, ready for `inject` or `listen`. */
export function buildApp(options: AppOptions): FastifyInstance {
  const app = fastify({
    loggerInstance: options.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
    http: { shouldUpgradeCallback: isSocketRequest },
    routerOptions: { maxParamLength: 500 },
    genReqId: ({ headers }) => {
      const given = headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    },
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply),
    clientErrorHandler: answerMalformed,
  });
  app.setValidatorCompiler(validateByZod);
  // The answers are typed by their schemas, so they are not checked once more at run time.
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
  app.addHook('onRequest', async (request, reply) => {
    reply
      .header('x-request-id', request.id)
      .header('x-content-type-options', 'nosniff')
      .header('cache-control', 'no-store');
  });
  endInOrder(app);
  registerUpgrades(app);
  const routes = collectRoutes(app);
  registerProblems(app, routes);
  const ring = new KeyRing(options);
  app.addHook('onClose', async () => ring.close());
  registerGuard(app, options, ring);
  registerBodies(app);
  registerRoutes(app.withTypeProvider<ZodTypeProvider>(), options, ring);
  openapiRoutes(app, routes);
  pageRoutes(app);
  dashboardRoutes(app, options.dashboard);
  return app;
}

/** Every failure leaves as `application/problem+json`; one table says which code the framework's own errors get. */
import { AppError, toProblem } from '@weft/contract';
import type { ProblemCode } from '@weft/contract';
import { ArtifactError, StoreError } from '@weft/engine/ports';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { withBodyLocations } from './request-body.ts';
import { allowedMethods } from './route-list.ts';
import type { RouteList } from './route-list.ts';

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

const FRAMEWORK_CODES: Record<string, ProblemCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_INVALID_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'unparsable',
  FST_ERR_BAD_URL: 'unparsable',
  FST_ERR_MAX_PARAM_LENGTH: 'not_found',
};

/** Answers with the problem that `error` is; what nobody expected is logged and says nothing of itself. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = withBodyLocations(toAppError(error), request);
  const problem = toProblem(known, request.id);
  if (problem.status >= 500 && known.code !== 'overloaded')
    request.log.error({ err: error, requestId: request.id }, 'the request failed');
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  const retryAfterS = known.retryAfterS ?? (problem.status === 503 ? 1 : null);
  if (retryAfterS !== null) reply.header('retry-after', String(retryAfterS));
  return reply
    .code(problem.status)
    .header('x-request-id', request.id)
    .type(PROBLEM_TYPE)
    .serializer((payload) => JSON.stringify(payload))
    .send(problem);
}

/** Installs the answers to errors and to paths that lead nowhere. */
export function registerProblems(app: FastifyInstance, routes: RouteList): void {
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply));
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    const methods = allowedMethods(routes, path);
    if (methods.length === 0)
      return sendProblem(new AppError('not_found', `there is nothing at ${path}`), request, reply);
    reply.header('allow', methods.join(', '));
    const message = `${request.method} is not supported here; use ${methods.join(' or ')}`;
    return sendProblem(new AppError('method_not_allowed', message), request, reply);
  });
}

/** The error as the API tells it: what nobody expected becomes `internal`. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof ArtifactError) return new AppError(error.code, error.message, { cause: error });
  if (error instanceof StoreError && error.transient) {
    return new AppError('unavailable', 'the store does not answer; try again', { cause: error });
  }
  const code = error instanceof Error && 'code' in error ? FRAMEWORK_CODES[String(error.code)] : undefined;
  if (code) return new AppError(code, (error as Error).message, { cause: error });
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  if (status >= 400 && status < 500) return new AppError('unparsable', (error as Error).message, { cause: error });
  return new AppError('internal', undefined, { cause: error });
}

/**
 * Bodies are read by our own parser: JSON of any nesting costs linear time, names given twice or reaching into prototypes
 * are refused, and every value keeps its line and column for the errors that are found later.
 */
import { AppError } from '@weft/contract';
import type { ProblemItem } from '@weft/contract';
import { parseDocument, withLocations } from '@weft/formats';
import type { MediaType, ParsedDocument } from '@weft/formats';
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { summary } from './request-problems.ts';

export const MAX_BODY_BYTES = 8 * 1024 * 1024;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The body is a workflow document: YAML is taken, too. */
    isDocument?: boolean;
    /** The handler looks at what is wrong with the text itself. */
    keepsBadBody?: boolean;
  }
  interface FastifyRequest {
    /** What the body's text was read as; null without a body. */
    parsedBody: ParsedDocument | null;
  }
}

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json(?:;|$)/i;
const YAML_TYPE = /^(?:application|text)\/(?:x-)?yaml(?:;|$)/i;

export function registerBodies(app: FastifyInstance): void {
  app.decorateRequest('parsedBody', null);
  app.removeAllContentTypeParsers();
  const parser = (mediaType: MediaType) => async (request: FastifyRequest, body: string | Buffer) =>
    readBody(request, Buffer.from(body), mediaType);
  app.addContentTypeParser(JSON_TYPE, { parseAs: 'buffer' }, parser('json'));
  app.addContentTypeParser(YAML_TYPE, { parseAs: 'buffer' }, parser('yaml'));
}

async function readBody(request: FastifyRequest, bytes: Buffer, mediaType: MediaType): Promise<unknown> {
  const { config } = request.routeOptions;
  if (mediaType === 'yaml' && !config.isDocument) {
    throw new AppError('unsupported_media_type', 'only workflow documents may be sent as YAML');
  }
  if (bytes.length === 0 && !config.isDocument) return undefined;
  const parsed = await parseDocument(decode(bytes), mediaType);
  request.parsedBody = parsed;
  if (parsed.ok) return parsed.value;
  if (config.keepsBadBody) return undefined;
  throw badBody(parsed.errors, config.isDocument ?? false);
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new AppError('unparsable', 'the body is not UTF-8', { cause: error });
  }
}

/** Text that is no JSON or YAML is unparsable; what could be read but is refused is invalid where it stands. */
function badBody(errors: readonly ProblemItem[], isDocument: boolean): AppError {
  const details = { errors };
  if (errors.some(({ code }) => code === 'unparsable')) return new AppError('unparsable', summary(errors), details);
  if (errors.some(({ code }) => code === 'limit_bytes'))
    return new AppError('payload_too_large', summary(errors), details);
  const within = (pointer: string): boolean => errors.every((item) => item.pointer.startsWith(pointer));
  if (isDocument || within('/workflow/')) return new AppError('invalid_document', summary(errors), details);
  return new AppError(within('/input/') ? 'invalid_input' : 'invalid_request', summary(errors), details);
}

/** The same error with the lines and columns of the body's text. */
export function withBodyLocations(error: AppError, request: FastifyRequest): AppError {
  const { parsedBody } = request;
  if (!parsedBody?.ok || error.errors.length === 0) return error;
  const [elsewhere, inBody] = [error.errors.filter(isElsewhere), error.errors.filter((item) => !isElsewhere(item))];
  const errors = [...elsewhere, ...withLocations(inBody, parsedBody.locate)];
  return new AppError(error.code, error.message, { errors, cause: error });
}

/** Pointers into other parts of the request; no body has such a key at its root. */
function isElsewhere({ pointer }: ProblemItem): boolean {
  return /^\/(?:query|path|headers)\//.test(pointer);
}

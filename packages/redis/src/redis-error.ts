/** What can be wrong with a Redis before the first message. */
export type RedisErrorCode = 'redis_unreachable' | 'redis_too_old' | 'redis_evicts';

/** Thrown by `openRedis` and `checkRedis`. The message is one line and says what to do. */
export class RedisError extends Error {
  override readonly name = 'RedisError';
  readonly code: RedisErrorCode;

  constructor(code: RedisErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

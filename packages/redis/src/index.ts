export { checkRedis } from './check-redis.ts';
export { openRedis } from './connection.ts';
export type { OpenRedisOptions, RedisConnection } from './connection.ts';
export type { OnListenerError } from './listeners.ts';
export { createRedisBroker } from './redis-broker.ts';
export type { RedisBroker, RedisBrokerOptions } from './redis-broker.ts';
export { RedisError } from './redis-error.ts';
export type { RedisErrorCode } from './redis-error.ts';

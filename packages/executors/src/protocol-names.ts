/**
 * Executors that speak a protocol of endpoints to an address of their own, without a registered endpoint. They are made in
 * `@weft/endpoints`, which has the protocols; here they are known by name.
 */
export const PROTOCOL_EXECUTORS = ['a2a', 'mqtt', 'redis-stream', 'webhook'] as const;
export type ProtocolExecutor = (typeof PROTOCOL_EXECUTORS)[number];

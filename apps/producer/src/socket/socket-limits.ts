/** How much the clients of `/v1/ws` may ask of this process. */
export type SocketLimits = {
  /** Open connections. */
  clients: number;
  /** Subscriptions of one connection. */
  subscriptions: number;
  /** Subscriptions to single runs of all connections together; each reads its journal every few seconds. */
  runSubscriptions: number;
  /** Bytes of one frame of a client. */
  frameBytes: number;
  /** Frames of one client: this many at once, then so many a second. */
  frameBurst: number;
  framesPerSecond: number;
  /** Frames that mean nothing, of one client in all. */
  badFrames: number;
  /** Once so many bytes wait for a client, nothing more is read or kept for it. */
  pauseBytes: number;
  /** At most one batch per subscription in this time. */
  batchMs: number;
  /** How often topics that are not runs are looked at. */
  pollMs: number;
  /** How often clients are asked whether they are there. */
  heartbeatMs: number;
  /** A client that neither takes nor sends anything for so long is dropped. */
  silentMs: number;
};

export const SOCKET_LIMITS: SocketLimits = {
  clients: 1000,
  subscriptions: 100,
  runSubscriptions: 2000,
  frameBytes: 64 * 1024,
  frameBurst: 250,
  framesPerSecond: 20,
  badFrames: 10,
  pauseBytes: 256 * 1024,
  batchMs: 100,
  pollMs: 1000,
  heartbeatMs: 15_000,
  silentMs: 45_000,
};

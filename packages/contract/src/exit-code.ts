/** What the CLI's exit status means; scripts rely on it. */
export const exitCodes = {
  ok: 0,
  runFailed: 1,
  usage: 2,
  notFound: 3,
  auth: 4,
  conflict: 5,
  unreachable: 6,
  invalidDocument: 7,
  timeout: 8,
  /** A worker left for want of memory: start another one. */
  recycled: 75,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

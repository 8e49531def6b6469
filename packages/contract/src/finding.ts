/** What an examination of a running system has found: one thing that was looked at, and how it is. */
export type Finding = {
  /** What was looked at, such as `schema` or `timers`. */
  check: string;
  /** `error`: something is broken, or will be soon. `warn`: it works, but an operator should know. */
  level: 'ok' | 'warn' | 'error';
  /** What is the case, one sentence. */
  what: string;
  /** Where: ids, tables, settings; at most a few. */
  where?: string[];
  /** What to do about it; absent where nothing is to be done. */
  advice?: string;
};

import type { Log } from '@weft/engine/ports';

/**
 * Keeps a process up when something throws outside any call: a promise that a user's handler forgot, an error in one of
 * its timers. Ending would take every other running task along, and count a crash against each.
 */
export function surviveStrayErrors(log: Log): void {
  process.on('unhandledRejection', (reason) => log.error({ err: reason }, 'a promise failed that nobody waited for'));
  process.on('uncaughtException', (error) => log.error({ err: error }, 'an error was thrown outside any call'));
}

/** The guard of this process, made of WEFT_ALLOW_PRIVATE. */
import { allowedPrivate } from '../config.ts';
import { readAllowList } from './allow-list.ts';
import { OutgoingGuard } from './guard.ts';

/** What a process on its owner's machine may reach besides, if nothing else is said. */
export const THIS_MACHINE = 'localhost, 127.0.0.0/8, ::1';

let current: OutgoingGuard | null = null;

/**
 * Reads the setting, so that a bad one is told at the start. `unless` says what is allowed where it is not set; set to nothing, it allows
 * nothing.
 *
 * @throws AllowListError
 */
export function loadOutgoingGuard(unless = ''): void {
  current = new OutgoingGuard(readAllowList(allowedPrivate() ?? unless));
}

/** @throws AllowListError where the setting was not read before and is wrong. */
export function outgoingGuard(): OutgoingGuard {
  return (current ??= new OutgoingGuard(readAllowList(allowedPrivate() ?? '')));
}

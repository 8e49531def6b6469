/** The state: a key that was written keeps its value, so its meaning must not change. A key that was not is as the new version says. */
import { pointerOf } from '@weft/contract';
import type { Json, StateKey } from '@weft/contract';

import { canonicalJson } from '../content-hash.ts';
import { defaultOf } from '../state/reducer.ts';
import type { Misfit, Move, WrittenKey } from './misfit.ts';

export function stateMisfits({ from, to, written }: Move): Misfit[] {
  return Array.from(written).flatMap(([name, key]) => {
    const [before, after] = [from.state.get(name), to.state.get(name)];
    if (!before) return [];
    return after ? changedKey(name, { before, after, key }) : [removedKey(name)];
  });
}

function removedKey(name: string): Misfit {
  const message = `the state key ${name} was written in this run, and the new version does not declare it; keep it`;
  return { code: 'state_key_removed', pointer: '/state', message };
}

type Changed = { before: StateKey; after: StateKey; key: WrittenKey };

function changedKey(name: string, { before, after, key }: Changed): Misfit[] {
  const found: Misfit[] = [];
  const say = (field: keyof StateKey, why: string): void => {
    const message = `the state key ${name} was written in this run, ${why}; use a new key instead`;
    found.push({ code: 'state_key_changed', pointer: pointerOf(['state', name, field]), message });
  };
  const [was, is] = [before.reducer ?? 'last_value', after.reducer ?? 'last_value'];
  if (was !== is) say('reducer', `and its reducer changes from ${was} to ${is}`);
  if ((before.ephemeral ?? false) !== (after.ephemeral ?? false)) say('ephemeral', 'and it becomes ephemeral');
  if (before.type !== after.type && !isOfType(after.type, key.value)) {
    say('type', `and its value is no ${after.type}: ${JSON.stringify(key.value).slice(0, 60)}`);
  }
  if (key.onDefault && canonicalJson(defaultOf(before)) !== canonicalJson(defaultOf(after))) {
    say('default', 'and what was written builds on the default that changes');
  }
  return found;
}

/** A key may be null whatever its type. */
function isOfType(type: StateKey['type'], value: Json): boolean {
  if (type === 'any' || value === null) return true;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && !Array.isArray(value);
  return typeof value === type;
}

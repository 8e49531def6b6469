/** Under which key limits count the tasks for endpoints: it says which endpoints can take them. */
import { matchesTags } from './leave-out.ts';

const PREFIX = 'endpoint:';
const TAGS = 'tags=';
/** As of any other key. */
const MOST_CHARACTERS = 200;

/** Of tasks for that endpoint (`pin`), or for any with one of these tags; without tags, for any. */
export function endpointKey({ pin, tags }: { pin: string | null; tags: readonly string[] }): string {
  if (pin !== null) return `${PREFIX}${pin}`;
  const names = Array.from(new Set(tags.map(escaped))).toSorted();
  const text = `${PREFIX}${TAGS}${names.join(',')}`;
  // They wait as those do that any endpoint can take: some of them may be offered before there is room.
  return text.length <= MOST_CHARACTERS ? text : `${PREFIX}${TAGS}`;
}

export function isEndpointKey(key: string): boolean {
  return key.startsWith(PREFIX);
}

/** Whether this endpoint can take the tasks with the key. */
export function keySpeaksOf(key: string, { name, tags }: { name: string; tags: readonly string[] }): boolean {
  const asked = key.slice(PREFIX.length);
  if (!asked.startsWith(TAGS)) return asked === name;
  const list = asked.slice(TAGS.length);
  return matchesTags(list === '' ? [] : list.split(',').map(unescaped), tags);
}

/** What would part the list, or be taken for a template. */
function escaped(tag: string): string {
  return tag.replaceAll(/[%,{$]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
}

function unescaped(text: string): string {
  return text.replaceAll(/%([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

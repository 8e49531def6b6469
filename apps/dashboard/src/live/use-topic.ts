import { useEffect, useRef } from 'react';

import { subscribe } from './feed.ts';
import type { SubscribeOptions } from './feed.ts';
import type { Flush } from './protocol.ts';

/** Follows a topic while the component is there; null follows nothing. */
export function useTopic(topic: string | null, take: (flush: Flush) => void, options?: SubscribeOptions): void {
  const latest = useRef({ take, options });
  latest.current = { take, options };
  useEffect(() => {
    if (topic === null) return undefined;
    return subscribe(topic, (flush) => latest.current.take(flush), latest.current.options);
  }, [topic]);
}

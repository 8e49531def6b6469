/** A client whose library is loaded when it is needed first: most installations speak two protocols, and each library takes time and memory. */
import type { LeftRequest, ProtocolClient, ProtocolRules } from '../protocol.ts';

export function onDemand(
  rules: ProtocolRules,
  load: () => Promise<ProtocolClient>,
  { canLetGo = false }: { canLetGo?: boolean } = {},
): ProtocolClient {
  let loaded: Promise<ProtocolClient> | null = null;
  const client = (): Promise<ProtocolClient> => (loaded ??= load());
  return {
    ...rules,
    call: async (call) => (await client()).call(call),
    ...(canLetGo && { letGo: async (left: LeftRequest) => (await client()).letGo?.(left) }),
    probe: async (target, url, signal) => (await client()).probe(target, url, signal),
    async close() {
      if (loaded) await (await loaded).close();
    },
  };
}

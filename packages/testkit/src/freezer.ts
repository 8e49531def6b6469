/** Stops a part of the program as SIGSTOP would: what it asks for and what it is answered waits until it is thawed. */
export type Freezer = {
  /** The same object, whose asynchronous methods stand still while frozen. */
  wrap: <T extends object>(port: T) => T;
  freeze: () => void;
  thaw: () => void;
};

export function createFreezer(): Freezer {
  let gate = Promise.resolve();
  let open: (() => void) | null = null;

  /** Frozen anew while it waited, it goes on waiting. */
  async function pass(): Promise<void> {
    let passed: Promise<void>;
    do {
      passed = gate;
      await passed;
    } while (passed !== gate);
  }

  async function slowly(answer: Promise<unknown>): Promise<unknown> {
    const result = await answer;
    await pass();
    return result;
  }

  return {
    wrap: (port) =>
      new Proxy(port, {
        get(target, name) {
          const member: unknown = Reflect.get(target, name, target);
          if (typeof member !== 'function') return member;
          return (...args: unknown[]): unknown => {
            const call = (): unknown => Reflect.apply(member, target, args);
            if (open)
              return pass()
                .then(call)
                .then(async (result) => slowly(Promise.resolve(result)));
            const result = call();
            return result instanceof Promise ? slowly(result) : result;
          };
        },
      }),
    freeze() {
      if (open) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      open = resolve;
    },
    thaw() {
      open?.();
      open = null;
    },
  };
}

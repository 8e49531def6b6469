import type { Scope } from '../../src/domain/expression/scope.ts';

/** A scope with something of everything; each test adds what it is about. */
export function scopeWith(parts: Partial<Scope> = {}): Scope {
  return {
    input: { id: 7, key: 'n', tricky: '{{ state.s }} ${state.n} {% if' },
    state: {
      n: 3,
      s: 'abc',
      list: [1, 2, 3],
      o: { a: { b: 1 } },
      nothing: null,
      mixed: [1, 'a', null],
      objects: [{ a: 1 }, { a: 2, b: 3 }],
      looksSecret: { secret: 'TOKEN' },
    },
    nodes: {
      fix: { output: { text: 'hi', list: [1, { y: 2 }] } },
      bad: { output: null, error: { code: 'http_500', message: 'no', retryable: true } },
    },
    config: { dry: true },
    ...parts,
  };
}

/** A source with a title short enough to be read. */
export function titled(source: string): { title: string; source: string } {
  return { title: source.length > 60 ? `${source.slice(0, 57)}...` : source, source };
}

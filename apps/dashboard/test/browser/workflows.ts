/** What the browser tests look at. */

/** Writes state, then fails until its file is there. */
export const FRAGILE = {
  name: 'fragile',
  description: 'Needs a file',
  input: { type: 'object', required: ['path'], properties: { path: { type: 'string', description: 'Which file' } } },
  state: { notes: { type: 'array', reducer: 'append', default: [] } },
  nodes: {
    note: { type: 'task', uses: 'echo', with: 'noted', output: 'notes' },
    find: { type: 'task', needs: ['note'], uses: 'handler:needs', with: { path: '${input.path}' } },
    tell: { type: 'task', needs: ['find'], uses: 'echo', with: '${find}' },
  },
};

/** Goes on while its file is not there. */
export const PATIENT = {
  name: 'patient',
  nodes: {
    wait: { type: 'task', uses: 'handler:waits', with: { path: '${input.path}' } },
    after: { type: 'task', needs: ['wait'], uses: 'echo', with: 'done' },
  },
};

/** Asks a person. */
export const ASKING = {
  name: 'asking',
  nodes: {
    ask: {
      type: 'interrupt',
      message: 'May {{ input.what }} be bought?',
      answerSchema: {
        type: 'object',
        required: ['approved'],
        properties: { approved: { type: 'boolean' }, comment: { type: 'string' } },
      },
    },
    tell: { type: 'task', needs: ['ask'], uses: 'echo', with: '${ask}' },
  },
};

/** Many tasks of one node. */
export const MANY = {
  name: 'many',
  nodes: {
    each: { type: 'send', items: '${input.items}', target: 'one' },
    one: { type: 'task', uses: 'echo', with: '${item}' },
  },
};

/** What there is to do for the squad. */

/** Bears all that the generator submits. */
export const TAG = 'software-squad';

const ROLES = ['architect', 'developer', 'qa'];

const FEATURES = [
  {
    title: 'slugs',
    steps: ['unaccent', 'letters', 'trim', 'lower', 'hyphenate'],
    examples: [[' Crème brûlée! ', 'creme-brulee']],
  },
  {
    title: 'shouting',
    steps: ['trim', 'upper'],
    examples: [
      ['hello', 'HELLO'],
      [' ok ', 'OK'],
    ],
  },
  { title: 'plain text', steps: ['letters', 'lower'], examples: [['R2-D2 says: Hi', 'rd says hi']] },
  { title: 'kebab case', steps: ['lower', 'hyphenate'], examples: [['One Two  Three', 'one-two-three']] },
];

/** The nth feature for the whole squad; every tenth developer stumbles once. */
export function featureRun(n, effortMs) {
  const input = { ...FEATURES[n % FEATURES.length], effortMs, stumbles: n % 10 === 9 ? 1 : 0 };
  return { path: '/v1/runs', body: { workflow: 'software-squad', input, tags: [TAG] } };
}

/** The nth task for one member of the squad, with a priority from 1 (low) to 5 (high). */
export function singleTask(n, effortMs) {
  const payload = { ...FEATURES[n % FEATURES.length], effortMs };
  const body = { agentType: ROLES[n % ROLES.length], priority: 1 + (n % 5), payload, tags: [TAG] };
  return { path: '/v1/tasks', body };
}

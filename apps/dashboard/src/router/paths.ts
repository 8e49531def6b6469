/** The views and where they are; the server answers each of these paths with the page. */
export const PATHS = {
  now: '/',
  runs: '/runs',
  run: '/runs/:id',
  compare: '/compare',
  workflows: '/workflows',
  workflow: '/workflows/:name',
  workers: '/workers',
  lanes: '/lanes',
  endpoints: '/endpoints',
  schedules: '/schedules',
  approvals: '/approvals',
  cost: '/cost',
  squad: '/squad',
} as const;

export type ViewName = keyof typeof PATHS;

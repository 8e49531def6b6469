/** Whose workflows and runs these are, until requests say it themselves. */
export const TENANT = 'default';

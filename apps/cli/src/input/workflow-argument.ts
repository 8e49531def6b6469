/** `name`, or `name@3` for one version of it. */
export function workflowOfArgument(argument: string): { name: string; version?: number } {
  const match = /^(.+)@(\d{1,9})$/.exec(argument);
  return match === null ? { name: argument } : { name: match[1] ?? '', version: Number(match[2]) };
}

/** What the environment of a command may hold. */
import { z } from 'zod';

/**
 * Variables that put foreign code into programs, or change what programs are called by them. Who needs one starts a script
 * that sets it.
 */
const HOOKS = new Set(
  `GCONV_PATH GLIBC_TUNABLES LOCPATH NLSPATH BASH_ENV BASHOPTS CDPATH ENV GLOBIGNORE IFS PROMPT_COMMAND PS4 SHELLOPTS ZDOTDIR
  NODE_OPTIONS NODE_PATH NODE_REPL_EXTERNAL_MODULE PERL5DB PERL5LIB PERL5OPT PERLLIB RUBYLIB RUBYOPT PHPRC PHP_INI_SCAN_DIR
  JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS CLASSPATH GIT_ASKPASS GIT_EDITOR GIT_EXEC_PATH GIT_EXTERNAL_DIFF
  GIT_PAGER GIT_PROXY_COMMAND GIT_SEQUENCE_EDITOR GIT_SSH GIT_SSH_COMMAND GIT_TEMPLATE_DIR`.split(/\s+/),
);

/** The dynamic linkers of Linux and macOS, functions of bash, Python and the settings of git. */
const HOOK_FAMILIES = ['LD_', 'DYLD_', 'BASH_FUNC_', 'PYTHON', 'GIT_CONFIG'];

/** Whether a variable of this name is refused; the names of other systems know no upper and lower case. */
function isHook(name: string): boolean {
  const upper = name.toUpperCase();
  return HOOKS.has(upper) || HOOK_FAMILIES.some((family) => upper.startsWith(family));
}

/** Text that the system can hand over. */
export const plainText = z.string().refine((value) => !value.includes('\0'), 'holds a NUL character');

/** What can be written as text in one way only. */
export const scalar = z.union(
  [plainText, z.number(), z.boolean()],
  'expected a string without NUL, a number or a boolean',
);

/** A variable's name, whatever it does. */
export const variableName = z.string().regex(/^[^=\0]+$/, 'not the name of a variable');

/** The name of a variable for a command of this machine. */
export const harmlessName = variableName.refine(
  (name) => !isHook(name),
  'this variable is not allowed: it puts other code into programs',
);

/** Variables as the system takes them. */
export function strings(env: Record<string, string | number | boolean>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, String(value)]));
}

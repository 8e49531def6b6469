const INHERITED = ['PATH', 'HOME', 'LANG'] as const;

const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

/**
 * What a command inherits of the worker's environment: PATH, HOME and LANG. Nothing else, since the worker's environment
 * holds its secrets.
 */
export function inheritedEnvironment(): Record<string, string> {
  const found = INHERITED.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { PATH: DEFAULT_PATH, ...Object.fromEntries(found) };
}

/** The file of what models cost: WEFT_PRICES_FILE of the worker. */
export function pricesFile(): string | null {
  return process.env['WEFT_PRICES_FILE'] || null;
}

/** Where `openai` tasks go that name no server: WEFT_OPENAI_BASE_URL of the worker, else OpenAI itself. */
export function openaiBaseUrl(): string {
  return process.env['WEFT_OPENAI_BASE_URL'] || 'https://api.openai.com/v1';
}

/** The Python that runs `python` tasks: WEFT_PYTHON of the worker (that of a virtual environment, say), else python3. */
export function pythonCommand(): string {
  return process.env['WEFT_PYTHON'] || 'python3';
}

/** Where a container engine may listen: DOCKER_HOST of the worker, else the usual sockets of Docker and podman. */
export function containerHosts(): string[] {
  const host = process.env['DOCKER_HOST'];
  if (host) return [host];
  const own = process.env['XDG_RUNTIME_DIR'];
  const sockets = [
    '/var/run/docker.sock',
    ...(own ? [`${own}/docker.sock`, `${own}/podman/podman.sock`] : []),
    '/run/podman/podman.sock',
  ];
  return sockets.map((path) => `unix://${path}`);
}

/** What may be reached although it is not public: WEFT_ALLOW_PRIVATE; null: nothing is said. */
export function allowedPrivate(): string | null {
  return process.env['WEFT_ALLOW_PRIVATE'] ?? null;
}

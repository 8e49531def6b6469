import type { EndpointHealthCheck, EndpointProtocol, ProblemItem } from '@weft/contract';

import { checkEndpointUrl, checkHealthUrl } from './endpoint-url.ts';

type Checked = {
  protocol: EndpointProtocol;
  url: string;
  model?: string | null | undefined;
  health?: EndpointHealthCheck | undefined;
};

/** What is wrong with an endpoint beyond the shape of its parts; pointers begin at the endpoint. */
export function checkEndpoint({ protocol, url, model, health }: Checked): ProblemItem[] {
  const items: ProblemItem[] = [];
  const urlProblem = checkEndpointUrl(protocol, url);
  if (urlProblem !== null) items.push({ code: 'invalid_value', pointer: '/url', message: urlProblem });
  if (protocol === 'openai_chat' && !model) {
    const message = 'an endpoint of the protocol openai_chat needs a model';
    items.push({ code: 'missing_field', pointer: '/model', message });
  }
  const healthProblem = health?.url === undefined ? null : checkHealthUrl(health.url);
  if (healthProblem !== null) items.push({ code: 'invalid_value', pointer: '/health/url', message: healthProblem });
  return items;
}

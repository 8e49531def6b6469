/** The prompt of a step as a template: what all are told, what came of the steps before it, and its own text as it is. */

/** Runs of characters that may begin something that a template reads; the longest, so that none is made where one is cut. */
const OPENING = /[{$%]*(?:\{\{|\{%|\$\{)[{$%]*/g;

export function promptOf(
  text: string,
  { needs, hasContext }: { needs: readonly string[]; hasContext: boolean },
): string {
  const before = [
    ...(hasContext ? ['Context:', '{{ state.context }}'] : []),
    ...(needs.length > 0 ? ['Results of the steps before this one:', ...needs.flatMap(resultOf)] : []),
  ];
  return [...before, literal(text)].join('\n\n');
}

/** An id holds nothing that ends a text or an output. */
function resultOf(id: string): string[] {
  return [`## ${id}`, `{{ nodes["${id}"] }}`];
}

/** The template that gives the text. */
export function literal(text: string): string {
  return text.replaceAll(OPENING, (run) => `{% raw %}${run}{% endraw %}`);
}

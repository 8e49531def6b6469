/** A text that no template engine changes. */
export function asText(text: string): string {
  return /\$\{|\{\{|\{%/.test(text) ? `{% raw %}${text.replaceAll('{% endraw %}', '')}{% endraw %}` : text;
}

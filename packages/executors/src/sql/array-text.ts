import type { Json } from '@weft/contract';

/** Reads the text form of a Postgres array: `{1,NULL,"a \"b\"",{2}}`, also with bounds before it (`[0:1]={..}`). */
export function arrayOf(text: string, read: (element: string) => Json): Json {
  const start = text.startsWith('[') ? text.indexOf('=') + 1 : 0;
  const root: Json[] = [];
  const open: Json[][] = [root];
  for (const [token] of text.slice(start).matchAll(/[{}]|"(?:[^"\\]|\\[\s\S])*"|[^{},"]+/g)) {
    if (token === '{') {
      const inner: Json[] = [];
      open.at(-1)?.push(inner);
      open.push(inner);
    } else if (token === '}') open.pop();
    else open.at(-1)?.push(elementOf(token, read));
  }
  return root[0] ?? [];
}

function elementOf(token: string, read: (element: string) => Json): Json {
  if (token.startsWith('"')) return read(token.slice(1, -1).replaceAll(/\\([\s\S])/g, '$1'));
  return token === 'NULL' ? null : read(token);
}

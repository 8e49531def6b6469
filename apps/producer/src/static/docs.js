/** Renders the OpenAPI document as a plain list: calls by tag, then the schemas they name. */

const content = document.getElementById('content');

function made(name, text, properties = {}) {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  Object.assign(element, properties);
  return element;
}

/** A schema in one line; a named one as a link to it. */
function schemaText(schema) {
  if (schema === undefined || Object.keys(schema).length === 0) return document.createTextNode('any');
  if (schema.$ref) {
    const name = schema.$ref.split('/').at(-1);
    return made('a', name, { href: `#schema-${name}` });
  }
  const span = made('span');
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) {
    for (const [i, choice] of choices.entries()) span.append(...(i > 0 ? [' or '] : []), schemaText(choice));
  } else if (schema.enum || schema.const !== undefined) {
    span.append((schema.enum ?? [schema.const]).map((value) => JSON.stringify(value)).join(', '));
  } else if (schema.type === 'array') {
    span.append('list of ', schemaText(schema.items));
  } else {
    span.append(schema.format ?? String(schema.type ?? 'any'));
  }
  return span;
}

function row(cells) {
  const line = made('tr');
  for (const cell of cells) {
    const data = made('td', undefined, { className: 'wide' });
    data.append(cell);
    line.append(data);
  }
  return line;
}

function table(rows) {
  const list = made('table');
  list.append(made('tbody'));
  list.tBodies[0].append(...rows);
  return list;
}

function contents(parts) {
  return Object.entries(parts ?? {}).map(([type, { schema }]) => row([type, schemaText(schema)]));
}

function operation(path, method, call) {
  const section = made('section');
  const title = made('h3');
  title.append(made('code', `${method.toUpperCase()} ${path}`));
  section.append(title, made('p', [call.summary, call.description].filter(Boolean).join('. ')));
  if (call.parameters) {
    section.append(made('h4', 'Parameters'));
    const rows = call.parameters.map((parameter) =>
      row([
        made('code', parameter.name),
        `${parameter.in}${parameter.required ? ', required' : ''}`,
        schemaText(parameter.schema),
        parameter.description ?? '',
      ]),
    );
    section.append(table(rows));
  }
  if (call.requestBody) section.append(made('h4', 'Body'), table(contents(call.requestBody.content)));
  const answers = Object.entries(call.responses).flatMap(([status, answer]) =>
    Object.entries(answer.content ?? {}).map(([type, { schema }]) => row([status, type, schemaText(schema)])),
  );
  section.append(made('h4', 'Answers'), table(answers));
  return section;
}

function schemaSection(name, schema) {
  const section = made('section', undefined, { id: `schema-${name}` });
  section.append(made('h3', name));
  if (schema.description) section.append(made('p', schema.description));
  const properties = Object.entries(schema.properties ?? {});
  if (properties.length === 0) {
    section.append(schemaText(schema));
    return section;
  }
  const required = new Set(schema.required);
  const rows = properties.map(([key, value]) =>
    row([made('code', key), required.has(key) ? 'required' : '', schemaText(value), value.description ?? '']),
  );
  section.append(table(rows));
  return section;
}

function show(api) {
  content.replaceChildren(made('h2', `${api.info.title} API, version ${api.info.version}`));
  const calls = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, call]) => ({ path, method, call })),
  );
  for (const [tag, group] of Object.entries(Object.groupBy(calls, ({ call }) => call.tags?.[0] ?? 'other'))) {
    content.append(made('h2', tag));
    for (const { path, method, call } of group) content.append(operation(path, method, call));
  }
  content.append(made('h2', 'Schemas'));
  for (const [name, schema] of Object.entries(api.components.schemas)) content.append(schemaSection(name, schema));
}

try {
  const response = await fetch('/openapi.json');
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  show(await response.json());
} catch (error) {
  content.replaceChildren(made('p', `The description could not be loaded: ${error.message}`));
}

// docs/api.md, from the tables of operations and shapes.

import { answerOf, bodyOf, type JsonSchema, openApiDocument, parametersOf } from './openapi.js';
import { ERRORS, OPENAPI_PATH, OPERATION_NAMES, OPERATIONS, type Operation, type OperationName } from './operations.js';
import { SHAPES } from './schema.js';

const INTRODUCTION = `# The control API

The daemon serves HTTP with JSON on a unix socket, \`/run/tsbgp/tsbgp.sock\` unless \`api.socket\` says otherwise. Whoever may write
to that file may use all of it: root, and the members of the group \`tsbgp\`. The command line uses nothing else, and
so can anything that speaks HTTP:

\`\`\`sh
curl --unix-socket /run/tsbgp/tsbgp.sock http://localhost/v1/neighbors
curl --unix-socket /run/tsbgp/tsbgp.sock http://localhost/v1/routes -d '{"routes": [{"prefix": "10.233.1.10/32"}]}'
\`\`\`

The same as an OpenAPI 3.1 document: \`GET ${OPENAPI_PATH}\`. Times are milliseconds since 1970.

**Streams.** Listings and events come as lines, one JSON value each (\`application/x-ndjson\`). A listing may be read as slowly as one
likes; it shows each route as it is when its turn comes. A reader of events who falls too far behind is cut off. A
stream that ends early says why in its last line, which is an error as below.

**Errors** are objects with \`error\` (what was wrong), \`code\`, and where there is something to say \`hint\` (what to do), \`index\`
(which element of the list that was sent) and \`problems\` (of the configuration file).`;

const cell = (text: string) => text.replaceAll('|', '\\|');
const table = (titles: readonly string[], rows: readonly (readonly string[])[]) =>
  [titles, titles.map(() => '---'), ...rows].map(row => `| ${row.join(' | ')} |`).join('\n');

/** A JSON Schema's type in words, components as links. */
function typeText(schema: JsonSchema): string {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) ?? '';
    return `[${name}](#${name.toLowerCase()})`;
  }
  const { anyOf, enum: values, const: constant } = schema;
  if (Array.isArray(anyOf)) return anyOf.map(typeText).join(' or ');
  if (Array.isArray(values)) return values.map(value => `\`${value}\``).join(', ');
  if (constant !== undefined) return `\`${constant}\``;
  if (schema.type === 'array') return `list of ${schema.items ? typeText(schema.items) : 'anything'}`;
  if (schema.type !== 'object') return schema.type ?? 'anything';
  if (!schema.properties) return 'object';
  const keys = Object.entries(schema.properties).map(
    ([key, value]) => `${key}${schema.required?.includes(key) ? '' : '?'}: ${typeText(value)}`,
  );
  return `{ ${keys.join(', ')} }`;
}

function keyTable({ properties = {}, required = [] }: JsonSchema): string {
  const rows = Object.entries(properties).map(([key, schema]) => [
    `\`${key}\`${required.includes(key) ? '' : ' (optional)'}`,
    cell(typeText(schema)),
    cell(schema.description ?? ''),
  ]);
  return table(['key', 'type', 'meaning'], rows);
}

const ANSWERS = { object: 'Answer', lines: 'Answer, a line each', events: 'Answer, a line each, without end' };

function operationText(name: OperationName): string {
  const { method, path, summary, answer }: Operation = OPERATIONS[name];
  const shape = SHAPES[name];
  const parts = [`### ${method} ${path}`, `${summary}.`];
  const parameters = parametersOf(shape).map(it => [
    `\`${it.name}\`${it.required ? '' : ' (optional)'}`,
    it.in,
    cell(typeText(it.schema)),
    cell(it.description ?? ''),
  ]);
  if (parameters.length > 0) parts.push(table(['parameter', 'in', 'type', 'meaning'], parameters));
  const body = bodyOf(shape);
  if (body?.properties) parts.push('Body:', keyTable(body));
  else if (body) parts.push(`Body: ${typeText(body)}`);
  parts.push(`${ANSWERS[answer]}: ${typeText(answerOf(shape))}`);
  return parts.join('\n\n');
}

/** The page as Markdown. */
export function apiReference(): string {
  const tags = [...new Set(OPERATION_NAMES.map(name => OPERATIONS[name].tag))];
  const sections = tags.map(tag => {
    const names = OPERATION_NAMES.filter(name => OPERATIONS[name].tag === tag);
    return [`## ${tag[0].toUpperCase()}${tag.slice(1)}`, ...names.map(operationText)].join('\n\n');
  });
  const errors = Object.entries(ERRORS).map(([code, { status, meaning }]) => [
    `\`${code}\``,
    String(status),
    cell(meaning),
  ]);
  const { schemas } = openApiDocument('').components;
  const components = Object.entries(schemas).map(([name, schema]) =>
    [`### ${name}`, ...(schema.description ? [schema.description] : []), keyTable(schema)].join('\n\n'),
  );
  const parts = [INTRODUCTION, table(['code', 'status', 'meaning'], errors), ...sections, '## Shapes', ...components];
  return `${parts.join('\n\n')}\n`;
}

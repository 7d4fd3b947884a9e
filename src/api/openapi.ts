// The OpenAPI 3.1 document of the control API, made from the tables of operations and shapes.

import { z } from 'zod';
import { COMPONENTS } from './components.js';
import { ERRORS, type ErrorCode, OPERATION_NAMES, OPERATIONS, type Operation } from './operations.js';
import { errorBody, SHAPES, type Shape } from './schema.js';

/** A JSON Schema, or a part of one. */
export interface JsonSchema {
  [key: string]: unknown;
  $ref?: string;
  type?: string;
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
}

/** A parameter of the path or the query. */
export interface Parameter {
  name: string;
  in: 'path' | 'query';
  required: boolean;
  description?: string;
  schema: JsonSchema;
}

interface Content {
  description: string;
  content: Record<string, { schema: JsonSchema }>;
}

/** An operation as the document has it. */
export interface OperationObject {
  operationId: string;
  summary: string;
  tags: string[];
  parameters?: Parameter[];
  requestBody?: { required: boolean; content: Content['content'] };
  responses: Record<string, Content>;
}

/** The part of OpenAPI 3.1 that is used here. */
export interface OpenApiDocument {
  openapi: '3.1.0';
  info: { title: string; version: string; description: string };
  servers: { url: string; description: string }[];
  paths: Record<string, Record<string, OperationObject>>;
  components: { schemas: Record<string, JsonSchema> };
}

const MEDIA = { object: 'application/json', lines: 'application/x-ndjson', events: 'application/x-ndjson' } as const;

/** A shape as JSON Schema; components are references. */
function jsonSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _, $defs: __, ...rest } = convert(schema);
  return rest;
}

/** zod's JSON Schema, its references pointed at the components. */
function convert(schema: z.ZodType): JsonSchema {
  const text = JSON.stringify(z.toJSONSchema(schema, { io: 'input' }));
  return JSON.parse(text.replaceAll('"#/$defs/', '"#/components/schemas/'));
}

function components(): Record<string, JsonSchema> {
  const { $defs = {} } = convert(z.object(COMPONENTS)) as { $defs?: Record<string, JsonSchema> };
  return Object.fromEntries(Object.entries($defs).map(([name, { id: _, ...schema }]) => [name, schema as JsonSchema]));
}

function parameters(place: 'path' | 'query', schema: z.ZodType | undefined): Parameter[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = jsonSchema(schema);
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: required.includes(name),
    ...(description !== undefined && { description }),
    schema: rest,
  }));
}

/** The parameters of an operation, for the document and the reference page. */
export const parametersOf = (shape: Shape) => [...parameters('path', shape.path), ...parameters('query', shape.query)];

/** Its body, undefined when it takes none. */
export const bodyOf = ({ body }: Shape) => body && jsonSchema(body);

/** What it answers; of a stream, one line. */
export const answerOf = ({ answer }: Shape) => jsonSchema(answer);

/** The codes an operation may fail with, by what it takes. */
function failures({ path }: Operation, shape: Shape): ErrorCode[] {
  const list: ErrorCode[] = [];
  if (shape.path || shape.query || shape.body) list.push('bad-input');
  if (path.includes('{address}')) list.push('no-such-neighbor');
  if (shape.body) list.push('too-large');
  return [...list, 'internal'];
}

function operationObject(name: string, operation: Operation, shape: Shape): OperationObject {
  const body = bodyOf(shape);
  const list = parametersOf(shape);
  const error = { 'application/json': { schema: jsonSchema(errorBody) } };
  const responses: Record<string, Content> = {
    200: {
      description:
        operation.answer === 'object'
          ? 'Done'
          : 'One JSON value a line; a last line of type Error says why it ended early',
      content: { [MEDIA[operation.answer]]: { schema: answerOf(shape) } },
    },
  };
  for (const code of failures(operation, shape)) {
    responses[ERRORS[code].status] = { description: ERRORS[code].meaning, content: error };
  }
  return {
    operationId: name,
    summary: operation.summary,
    tags: [operation.tag],
    ...(list.length > 0 && { parameters: list }),
    ...(body && {
      requestBody: { required: body.required !== undefined, content: { 'application/json': { schema: body } } },
    }),
    responses: { ...responses, default: { description: 'Refused', content: error } },
  };
}

/** The document; `version` is that of tsbgp. */
export function openApiDocument(version: string): OpenApiDocument {
  const paths: OpenApiDocument['paths'] = {};
  for (const name of OPERATION_NAMES) {
    const operation: Operation = OPERATIONS[name];
    paths[operation.path] ??= {};
    paths[operation.path][operation.method.toLowerCase()] = operationObject(name, operation, SHAPES[name]);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'tsbgp control API',
      version,
      description: 'HTTP with JSON over the unix socket of the daemon, /run/tsbgp/tsbgp.sock by default.',
    },
    servers: [
      { url: 'http://localhost', description: 'curl --unix-socket /run/tsbgp/tsbgp.sock http://localhost/v1/status' },
    ],
    paths,
    components: { schemas: components() },
  };
}

// The OpenAPI document against the table of operations, and the reference page made from both.

import { expect, test } from 'vitest';
import { openApiDocument } from '../../src/api/openapi.js';
import { ERRORS, OPENAPI_PATH, OPERATION_NAMES, OPERATIONS } from '../../src/api/operations.js';
import { apiReference } from '../../src/api/reference.js';
import { SHAPES, type Shape } from '../../src/api/schema.js';
import { served } from './served.js';

const document = openApiDocument('1.2.3');

test('describes exactly the operations of the table', () => {
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, it]) => [it.operationId, method.toUpperCase(), path]),
  );
  const expected = OPERATION_NAMES.map(name => [name, OPERATIONS[name].method, OPERATIONS[name].path]);
  expect(described.sort()).toEqual(expected.sort());
});

test.each(OPERATION_NAMES)('%s: parameters, body and answer', name => {
  const { method, path, answer } = OPERATIONS[name];
  const operation = document.paths[path][method.toLowerCase()];
  const inPath = (operation.parameters ?? []).filter(it => it.in === 'path').map(it => it.name);
  expect(inPath).toEqual(Array.from(path.matchAll(/\{(\w+)\}/g), ([, parameter]) => parameter));
  expect((operation.parameters ?? []).every(it => it.in === 'query' || it.required)).toBe(true);
  expect(operation.requestBody !== undefined).toBe((SHAPES[name] as Shape).body !== undefined);
  const media = answer === 'object' ? 'application/json' : 'application/x-ndjson';
  expect(Object.keys(operation.responses['200'].content)).toEqual([media]);
  for (const [status, { content }] of Object.entries(operation.responses)) {
    if (status !== '200') expect(content['application/json'].schema.$ref).toBe('#/components/schemas/Error');
  }
});

test('every reference leads somewhere, and zod left none of its own', () => {
  const text = JSON.stringify(document);
  const references = Array.from(text.matchAll(/"\$ref":"([^"]+)"/g), ([, reference]) => reference);
  expect(references.length).toBeGreaterThan(20);
  for (const reference of references) {
    const name = reference.replace('#/components/schemas/', '');
    expect(Object.keys(document.components.schemas)).toContain(name);
  }
  expect(text).not.toMatch(/\$defs|"\$schema"|"\$id"/);
});

test('is served with the version of the daemon', async () => {
  const api = await served();
  const answer = await api.send('GET', OPENAPI_PATH);
  expect(answer.status).toBe(200);
  expect(answer.body).toEqual(JSON.parse(JSON.stringify(openApiDocument('9.8.7'))));
  await api.close();
});

test('the reference page names every operation, error and component, and its links lead somewhere', () => {
  const page = apiReference();
  for (const name of OPERATION_NAMES)
    expect(page).toContain(`### ${OPERATIONS[name].method} ${OPERATIONS[name].path}\n`);
  for (const code of Object.keys(ERRORS)) expect(page).toContain(`\`${code}\``);
  for (const [, target] of page.matchAll(/\]\(#([\w-]+)\)/g)) {
    expect(page.toLowerCase()).toContain(`\n### ${target}\n`);
  }
  expect(page).not.toContain('undefined');
});

// What the schema is made of: a key with its documentation, values written as text, whole numbers, lists.
//
// Conversions are codecs (they know the way back, for `tsbgp config show`) and report what people wrote wrong as zod
// issues of code `custom`, with the suggestion in `params`.

import { z } from 'zod';
import { BadValue, parseAs } from './values.js';

/** What the reference page says of a key besides its description. */
export interface KeyMeta {
  /** Type in words, where the schema's own type ("text") says too little. */
  kind?: string;
  unit?: string;
  /** RFC and section, without the word RFC: "4271 §4.2". */
  rfc?: string;
  example?: unknown;
  /** The default in words, when it depends on other keys. */
  defaultText?: string;
}

/** The schema of a key with its documentation: one or two sentences, and what KeyMeta lists. */
export function key<S extends z.ZodType>(schema: S, description: string, more: KeyMeta = {}): S {
  return schema.meta({ description, ...more });
}

/** A value written as text (or number): `parse` throws BadValue, `format` writes it back. */
export function written<S extends z.ZodType, T>(
  schema: S,
  parse: (value: z.output<S>) => T,
  format: (value: T) => z.output<S>,
) {
  return z.codec(schema, z.custom<T>(), {
    decode: (value, payload) => {
      try {
        return parse(value as z.output<S>);
      } catch (error) {
        if (!(error instanceof BadValue)) throw error;
        const params = error.suggestion === undefined ? {} : { suggestion: error.suggestion };
        payload.issues.push({ code: 'custom', message: error.message, params, input: value });
        return z.NEVER;
      }
    },
    encode: value => format(value as T),
  });
}

const same = <T>(value: T) => value;

/** A whole number from `min` to `max`. */
export const whole = (min: number, max: number) => z.int().min(min).max(max);

/** Text in a canonical form. */
export const text = (parse: (value: string) => string) => written(z.string(), parse, same);

/** An AS number, plain or asdot. */
export const autonomousSystem = () =>
  written(z.union([z.int(), z.string()], 'must be an AS number such as 65001 or 1.10'), parseAs, same<number | string>);

/** A path of the file system that starts at its root. */
export const absolutePath = () => z.string().regex(/^\/./, 'must be an absolute path, such as /run/tsbgp/tsbgp.sock');

/** A list in which no word may stand twice. */
export function distinct<S extends z.ZodType>(item: S) {
  return z.array(item).superRefine(
    (values, context) => {
      if (!Array.isArray(values)) return;
      values.forEach((value, i) => {
        if (typeof value !== 'string' || values.indexOf(value) === i) return;
        context.addIssue({ code: 'custom', message: `${value} is listed twice`, path: [i], input: value });
      });
    },
    { when: () => true },
  );
}

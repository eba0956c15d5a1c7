/** Payload templates (Parameters, ItemSelector, ResultSelector): JSON whose `….$` fields are filled from the data. */
import type { Json } from '#shared/json.ts';
import { UnsupportedSyntaxError } from './errors.ts';
import { type Expression, evaluate, type PathParser, parseExpression } from './expressions.ts';
import { isJsonObject, parsePath, type Scope } from './paths.ts';

export type Template =
  | { readonly kind: 'literal'; readonly value: Json }
  | { readonly kind: 'expression'; readonly expression: Expression }
  | { readonly kind: 'array'; readonly items: readonly Template[] }
  | { readonly kind: 'object'; readonly fields: ReadonlyMap<string, Template> };

/**
 * Parses a payload template.
 *
 * @throws UnsupportedSyntaxError for a `….$` field that is not a supported path or intrinsic, or stands twice.
 * @example fillTemplate(parseTemplate({ 'id.$': '$.run', mode: 'full' }), scope) // { id: 7, mode: 'full' }
 */
export function parseTemplate(json: Json, toPath: PathParser = parsePath): Template {
  if (Array.isArray(json))
    return { kind: 'array', items: json.map((item: Json) => parseTemplate(item, toPath)) };
  if (!isJsonObject(json)) return { kind: 'literal', value: json };
  const fields = new Map<string, Template>();
  for (const [key, value] of Object.entries(json)) {
    const name = key.endsWith('.$') ? key.slice(0, -2) : key;
    if (fields.has(name))
      throw new UnsupportedSyntaxError(`field "${name}" given twice ("${name}" and "${name}.$")`);
    fields.set(
      name,
      name === key ? parseTemplate(value ?? null, toPath) : parseField(key, value ?? null, toPath),
    );
  }
  return { kind: 'object', fields };
}

function parseField(key: string, value: Json, toPath: PathParser): Template {
  if (typeof value !== 'string') {
    throw new UnsupportedSyntaxError(`field "${key}" with ${JSON.stringify(value)} (a string is needed)`);
  }
  return { kind: 'expression', expression: parseExpression(value, toPath) };
}

/** @throws StateError `States.Runtime` for a missing path or a refused argument. */
export function fillTemplate(template: Template, scope: Scope): Json {
  switch (template.kind) {
    case 'literal':
      return template.value;
    case 'expression':
      return evaluate(template.expression, scope);
    case 'array':
      return template.items.map((item) => fillTemplate(item, scope));
    case 'object':
      return Object.fromEntries(
        [...template.fields].map(([name, field]) => [name, fillTemplate(field, scope)]),
      );
  }
}

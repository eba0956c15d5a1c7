/** Values as block YAML. Text is quoted, as in JSON unless that needs escapes; text of many lines is a literal block. */

export type Yaml = string | number | boolean | readonly Yaml[] | { readonly [key: string]: Yaml | undefined };

/**
 * Keys whose value is undefined are left out; keys are written bare and have to be words.
 *
 * @example toYaml({ groups: [{ name: 'drift' }] }) // 'groups:\n  - name: "drift"\n'
 */
export function toYaml(value: { readonly [key: string]: Yaml | undefined }): string {
  return `${block(value, '').join('\n')}\n`;
}

function block(value: Yaml, indent: string): string[] {
  if (isList(value)) return value.flatMap((item) => listItem(item, indent));
  if (typeof value !== 'object') return [indent + scalar(value)];
  return Object.entries(value).flatMap(([key, member]) =>
    member === undefined ? [] : entry(key, member, indent),
  );
}

function entry(key: string, value: Yaml, indent: string): string[] {
  if (!/^[A-Za-z_][\w.-]*$/.test(key)) throw new TypeError(`${JSON.stringify(key)} is no key: want a word`);
  const inside = `${indent}  `;
  if (isList(value))
    return value.length === 0 ? [`${indent}${key}: []`] : [`${indent}${key}:`, ...block(value, inside)];
  if (typeof value === 'object') {
    const lines = block(value, inside);
    return lines.length === 0 ? [`${indent}${key}: {}`] : [`${indent}${key}:`, ...lines];
  }
  if (isManyLines(value)) return [`${indent}${key}: |`, ...literal(value, inside)];
  return [`${indent}${key}: ${scalar(value)}`];
}

function listItem(value: Yaml, indent: string): string[] {
  const [first = '{}', ...rest] = block(value, `${indent}  `);
  return [`${indent}- ${first.trimStart()}`, ...rest];
}

const isList = (value: Yaml): value is readonly Yaml[] => Array.isArray(value);

/** A literal block keeps every character only of lines that neither begin the text with a blank nor hold control characters. */
const isManyLines = (value: string | number | boolean): value is string =>
  typeof value === 'string' &&
  /^[^\s\p{Cc}][^\p{Cc}]*\n(?:[^\p{Cc}]*\n)*$/u.test(value) &&
  !value.endsWith('\n\n');

const literal = (text: string, indent: string): string[] =>
  text
    .slice(0, -1)
    .split('\n')
    .map((line) => (line === '' ? '' : indent + line));

/** Single quotes where they save escapes, as the formatter of this repository has it. */
function scalar(value: string | number | boolean): string {
  const quoted = JSON.stringify(value);
  return typeof value === 'string' && /^[^'\\\p{Cc}]*"[^'\\\p{Cc}]*$/u.test(value) ? `'${value}'` : quoted;
}

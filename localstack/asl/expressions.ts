/** Values of `….$` fields: a reference path or a call of intrinsic functions; parsed at load, evaluated per state. */
import type { Json } from '#shared/json.ts';
import { UnsupportedSyntaxError } from './errors.ts';
import { type Argument, INTRINSICS } from './intrinsics.ts';
import { type Path, parsePath, requirePath, type Scope } from './paths.ts';

export type Expression =
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'literal'; readonly value: Json }
  /** `'…'`: its pieces between unescaped `{}`, which States.Format fills. */
  | { readonly kind: 'text'; readonly value: string; readonly pieces: readonly string[] }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] };

/** How a path is parsed: the loader passes one that also knows where in the machine it stands. */
export type PathParser = (text: string) => Path;

/** Step Functions allows this many intrinsic functions in one field. */
const MAX_CALLS = 10;

/**
 * Parses the value of a `….$` field.
 *
 * @throws UnsupportedSyntaxError naming the function, argument or path that is not supported.
 * @example parseExpression("States.Format('run {}', $.id)")
 */
export function parseExpression(text: string, toPath: PathParser = parsePath): Expression {
  if (text.startsWith('$')) return { kind: 'path', path: toPath(text) };
  if (!text.startsWith('States.')) {
    throw new UnsupportedSyntaxError(`expression "${text}" (supported: a path or a States.… function)`);
  }
  const reader = new Reader(text, toPath);
  const call = reader.call();
  reader.end();
  return call;
}

/** @throws StateError `States.Runtime` for a missing path or an argument a function refuses. */
export function evaluate(expression: Expression, scope: Scope): Json {
  switch (expression.kind) {
    case 'path':
      return requirePath(expression.path, scope);
    case 'literal':
    case 'text':
      return expression.value;
    case 'call': {
      const args = expression.args.map((arg): Argument => {
        const value = evaluate(arg, scope);
        return arg.kind === 'text' ? { value, pieces: arg.pieces } : { value };
      });
      return INTRINSICS[expression.name]!.run(args, scope);
    }
  }
}

class Reader {
  private readonly text: string;
  private readonly toPath: PathParser;
  private at = 0;
  private calls = 0;

  constructor(text: string, toPath: PathParser) {
    this.text = text;
    this.toPath = toPath;
  }

  call(): Expression {
    const name = this.take(/States\.[A-Za-z0-9]+/y) ?? this.fail();
    const intrinsic = Object.hasOwn(INTRINSICS, name) ? INTRINSICS[name] : undefined;
    if (intrinsic === undefined) {
      throw new UnsupportedSyntaxError(
        `intrinsic function ${name} (supported: ${Object.keys(INTRINSICS).join(', ')})`,
      );
    }
    this.calls += 1;
    if (this.calls > MAX_CALLS) {
      throw new UnsupportedSyntaxError(`more than ${MAX_CALLS} intrinsic functions in "${this.text}"`);
    }
    const args = this.args();
    const [least, most] = intrinsic.arity;
    if (args.length < least || args.length > most) {
      const allowed = most === Number.POSITIVE_INFINITY ? `${least} or more` : `${least} to ${most}`;
      throw new UnsupportedSyntaxError(`${name} with ${args.length} arguments (allowed: ${allowed})`);
    }
    intrinsic.check?.(args.map((arg) => ('value' in arg ? arg : undefined)));
    return { kind: 'call', name, args };
  }

  end(): void {
    if (this.at < this.text.length) this.fail();
  }

  private args(): Expression[] {
    this.take(/\(\s*/y) ?? this.fail();
    const args: Expression[] = [];
    if (this.take(/\)/y) !== undefined) return args;
    do args.push(this.arg());
    while (this.take(/\s*,\s*/y) !== undefined);
    this.take(/\s*\)/y) ?? this.fail();
    return args;
  }

  private arg(): Expression {
    if (this.text.startsWith('States.', this.at)) return this.call();
    const text = this.take(/'(?:[^'\\]|\\.)*'/sy);
    if (text !== undefined) return this.string(text.slice(1, -1));
    const path = this.take(/\$(?:\['(?:[^'\\]|\\.)*'\]|\["(?:[^"\\]|\\.)*"\]|[^,()\s'"])*/y);
    if (path !== undefined) return { kind: 'path', path: this.toPath(path) };
    const literal = this.take(/(?:true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?=[\s,)])/y);
    return literal === undefined ? this.fail() : { kind: 'literal', value: JSON.parse(literal) as Json };
  }

  private string(raw: string): Expression {
    const pieces = [''];
    for (const part of raw.match(/\\.|\{\}|[^\\]/gs) ?? []) {
      if (part === '{}') pieces.push('');
      else pieces[pieces.length - 1] += part.startsWith('\\') ? this.escaped(part) : part;
    }
    return { kind: 'text', value: pieces.join('{}'), pieces };
  }

  private escaped(part: string): string {
    if ("'{}\\".includes(part.charAt(1))) return part.charAt(1);
    throw new UnsupportedSyntaxError(`escape "${part}" in "${this.text}" (supported: \\' \\{ \\} \\\\)`);
  }

  private take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text)?.[0];
    if (match !== undefined) this.at += match.length;
    return match;
  }

  private fail(): never {
    throw new UnsupportedSyntaxError(`expression "${this.text}", at "${this.text.slice(this.at)}",`);
  }
}

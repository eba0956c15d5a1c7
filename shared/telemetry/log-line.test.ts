import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logLine, maxLineBytes } from './log-line.ts';

const head = { timestamp: '2026-11-21T12:00:00.000Z', level: 'warn', message: 'late' };
const written = (detail: unknown, context = {}) =>
  JSON.parse(logLine(head, context, detail)) as Record<string, unknown>;

describe('a log line', () => {
  it('is what it says of itself, then its context, then its detail', () => {
    expect(logLine(head, { function: 'capture', model: 'churn' }, { rows: 3 })).toBe(
      '{"timestamp":"2026-11-21T12:00:00.000Z","level":"warn","message":"late","function":"capture","model":"churn","rows":3}',
    );
    expect(written(undefined)).toEqual(head);
  });

  it('has time and level under the names by which Lambda keeps or drops it', () => {
    expect(Object.keys(written({})).slice(0, 2)).toEqual(['timestamp', 'level']);
  });

  it('keeps its own message, level and ids whatever its detail is called', () => {
    const context = { run_id: 'churn-w1', model: 'churn' };
    expect(written({ message: 'm', level: 'l', run_id: 'r', model: 'other' }, context)).toEqual({
      ...head,
      run_id: 'churn-w1',
      model: 'other',
      detail_message: 'm',
      detail_level: 'l',
      detail_run_id: 'r',
    });
  });

  it('shows an error with its stack and causes, and nothing else that hangs on it', () => {
    const cause = Object.assign(new TypeError('socket'), { response: { headers: 'long' } });
    const { error } = written({ error: new Error('put failed', { cause }) }) as {
      error: { stack: string; cause: object };
    };
    expect(error).toMatchObject({ name: 'Error', message: 'put failed' });
    expect(error.stack).toContain('log-line.test.ts');
    expect(error.cause).toMatchObject({ name: 'TypeError', message: 'socket' });
    expect(Object.keys(error.cause)).not.toContain('response');
  });

  it('is one line of what JSON has no word for', () => {
    const circular: Record<string, unknown> = { name: 'a' };
    circular.self = circular;
    const line = logLine(
      head,
      {},
      {
        circular,
        twice: [head, head],
        big: 2n ** 64n,
        lines: 'a\nb\u2028c\u0000',
        notANumber: Number.NaN,
        bytes: new Uint8Array(5),
        when: new Date(0),
        never: new Date(Number.NaN),
        map: new Map([['k', 1]]),
        pairs: new Map([[7, 'seven']]),
        call: () => 1,
      },
    );
    expect(line).not.toContain('\n');
    expect(JSON.parse(line)).toEqual({
      ...head,
      circular: { name: 'a', self: '[circular]' },
      twice: [head, head],
      big: '18446744073709551616',
      lines: 'a\nb\u2028c\u0000',
      notANumber: 'NaN',
      bytes: '[5 bytes]',
      when: '1970-01-01T00:00:00.000Z',
      never: 'Invalid Date',
      map: { k: 1 },
      pairs: [[7, 'seven']],
    });
  });

  it('ends in depth and width, and in a chain of causes that goes round', () => {
    let deep: unknown = 'bottom';
    for (let at = 0; at < 1e5; at++) deep = { deep };
    const error = new Error('round');
    error.cause = error;
    const line = logLine(head, {}, { deep, wide: Array.from({ length: 1e5 }, () => 'x'), error });
    expect(line).toContain('[too deep]');
    expect(line).toContain('(100000 items)');
    expect(line).toContain('"cause":"[circular]"');
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(maxLineBytes);
  });

  it('is written even where a value throws when it is read', () => {
    const detail = {
      get trap() {
        throw new RangeError('no');
      },
    };
    expect(written(detail)).toEqual({ ...head, unwritable: 'RangeError' });
  });

  it('is at most 32 kB in bytes, and says how long it was', () => {
    const texts = (count: number, of: string) => ({ texts: Array.from({ length: count }, () => of) });
    const empty = Buffer.byteLength(logLine(head, {}, texts(4, 'x'.repeat(7000))));
    const exact = texts(4, 'x'.repeat(7000));
    exact.texts.push('y'.repeat(maxLineBytes - empty - 3));
    expect(Buffer.byteLength(logLine(head, {}, exact))).toBe(maxLineBytes);
    expect(written(exact)).not.toHaveProperty('truncated');
    exact.texts[4] += 'y';
    const over = written(exact);
    expect(over).toMatchObject({ ...head, truncated: maxLineBytes + 1 });
    expect(over.detail).toMatch(/^\{"texts":\["xxx/);
  });

  it('is never longer and never fails, whatever it is given', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
        (detail) => {
          const line = logLine(head, {}, { detail, more: '"\u0001é😀'.repeat(20_000) });
          expect(JSON.parse(line)).toMatchObject(head);
          expect(Buffer.byteLength(line)).toBeLessThanOrEqual(maxLineBytes);
          expect(line).not.toContain('\n');
        },
      ),
      { numRuns: 100 },
    );
  });

  it('has a message and ids that are cut where they come from far', () => {
    const line = logLine(
      { ...head, message: 'm'.repeat(1e6) },
      { run_id: 'r'.repeat(1e6), model: '😀'.repeat(1e5) },
      { text: '\u0000'.repeat(1e6) },
    );
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(maxLineBytes);
    expect(line).toContain('(1000000 characters)');
  });
});

describe('what opens doors', () => {
  it.each([
    'password',
    'Authorization',
    'set-cookie',
    'taskToken',
    'access_token',
    'clientSecret',
    'x-api-key',
    'routing_key',
  ])('is left out under the name %s, at any depth', (name) => {
    const line = logLine(head, {}, { [name]: 's3cret', inside: [{ [name]: { value: 's3cret' } }] });
    expect(line).not.toContain('s3cret');
    expect(JSON.parse(line)).toHaveProperty([name], '[redacted]');
    expect(logLine(head, {}, { map: new Map([[name, 's3cret']]) })).not.toContain('s3cret');
  });

  it.each(['tokens', 'key', 'keys', 'monkey', 'author', 'signed', 'secretary'])(
    'is not what is called %s',
    (name) => {
      expect(written({ [name]: 'shown' })).toHaveProperty([name], 'shown');
    },
  );
});

describe('what clients send about people', () => {
  it.each(['features', 'row', 'rows', 'instances', 'body'])('is left out under the name %s', (name) => {
    const line = logLine(head, {}, { [name]: { age: 51, name: 'Ann' } });
    expect(line).not.toMatch(/51|Ann/);
  });

  it('does not hide how much it was', () => {
    expect(written({ rows: 3, features: 12 })).toMatchObject({ rows: 3, features: 12 });
  });
});

import { describe, expect, it } from 'vitest';
import type { Json } from '#shared/json.ts';
import { TaskNotWaitingError } from '#shared/ports/errors.ts';
import { bench, machineOf, named, task, tokenTask, until } from './engine.testing.ts';
import { TaskTokenUsedError, UnknownTaskTokenError } from './errors.ts';

/** A machine of one waiting task, its function recording the tokens it gets. */
function asking(more: Record<string, Json> = {}, answer: () => unknown = () => 'ignored') {
  const tokens: string[] = [];
  const machine = machineOf({ Ask: tokenTask('ask', more) });
  const ask = (payload: Json) => {
    tokens.push((payload as { token: string }).token);
    return answer();
  };
  return { tokens, ...bench(machine, { ask }) };
}

describe('waitForTaskToken', () => {
  it("ends with the output the token is answered, not with the function's", async () => {
    const { engine, run, tokens } = asking({ ResultSelector: { 'by.$': '$.who' }, ResultPath: '$.approval' });
    const ended = run({ model: 'iris' });
    await until(() => tokens.length === 1);
    await engine.signal(tokens[0]!, { ok: true, output: { who: 'Ana' } });
    expect((await ended).output).toEqual({ model: 'iris', approval: { by: 'Ana' } });
  });

  it('fails with the error the token is answered', async () => {
    const { engine, run, tokens } = asking();
    const ended = run();
    await until(() => tokens.length === 1);
    await engine.signal(tokens[0]!, { ok: false, error: 'Rejected', cause: 'too slow' });
    expect((await ended).error).toEqual({ name: 'Rejected', cause: 'too slow' });
  });

  it('may be answered before the function returns', async () => {
    const { engine, run, tokens } = asking({}, () => new Promise(() => undefined));
    const ended = run();
    await until(() => tokens.length === 1);
    await engine.signal(tokens[0]!, { ok: true, output: 1 });
    expect((await ended).output).toBe(1);
  });

  it('fails if the function throws, and its token is closed', async () => {
    const { engine, run, tokens } = asking({}, () => Promise.reject(named('MailError')));
    expect((await run()).error?.name).toBe('MailError');
    await expect(engine.signal(tokens[0]!, { ok: true, output: 1 })).rejects.toThrow(TaskTokenUsedError);
  });

  it('gets another token for each attempt', async () => {
    const { engine, run, tokens } = asking({ Retry: [{ ErrorEquals: ['Again'] }] });
    const ended = run();
    await until(() => tokens.length === 1);
    await engine.signal(tokens[0]!, { ok: false, error: 'Again', cause: '' });
    await until(() => tokens.length === 2);
    expect(tokens[1]).not.toBe(tokens[0]);
    await engine.signal(tokens[1]!, { ok: true, output: 'second' });
    expect((await ended).output).toBe('second');
  });

  it('times out with States.Timeout; an answer after that is refused', async () => {
    const { engine, run, tokens } = asking({ TimeoutSeconds: 1 });
    expect((await run()).error?.name).toBe('States.Timeout');
    await expect(engine.signal(tokens[0]!, { ok: true, output: 1 })).rejects.toThrow(TaskTokenUsedError);
  });

  it('may wait as long as its input says', async () => {
    const { engine, run, tokens } = asking({ TimeoutSecondsPath: '$.limits.seconds' });
    expect((await run({ limits: { seconds: 1 } }, 'short')).error).toEqual({
      name: 'States.Timeout',
      cause: 'the task took longer than 1 s',
    });
    const ended = run({ limits: { seconds: 60 } }, 'long');
    await until(() => tokens.length === 2);
    await engine.signal(tokens[1]!, { ok: true, output: 1 });
    expect((await ended).output).toBe(1);
  });

  it.each([0, 1.5, '5', null])('fails where its input says a wait of %j', async (seconds) => {
    const { run, tokens } = asking({ TimeoutSecondsPath: '$.seconds' });
    expect((await run({ seconds })).error?.name).toBe('States.Runtime');
    expect(tokens).toEqual([]);
  });

  it('is cancelled with its Parallel', async () => {
    let token = '';
    const machine = machineOf({
      P: {
        Type: 'Parallel',
        Branches: [
          { StartAt: 'Ask', States: { Ask: tokenTask('ask') } },
          { StartAt: 'Fails', States: { Fails: task('fails') } },
        ],
        End: true,
      },
    });
    const { engine, run } = bench(machine, {
      ask: (payload) => {
        token = (payload as { token: string }).token;
      },
      fails: async () => {
        await until(() => token !== '');
        throw named('Broken');
      },
    });
    expect((await run()).error?.name).toBe('Broken');
    await expect(engine.signal(token, { ok: true, output: 1 })).rejects.toThrow(TaskTokenUsedError);
  });
});

describe('signal', () => {
  it('refuses an unknown token, by the error of the port', async () => {
    const { engine } = asking();
    const made = engine.signal('made-up', { ok: true, output: 1 });
    await expect(made).rejects.toThrow(UnknownTaskTokenError);
    await expect(made).rejects.toThrow(TaskNotWaitingError);
  });

  it('takes a token once, also of two at the same moment', async () => {
    const { engine, run, tokens } = asking();
    const ended = run();
    await until(() => tokens.length === 1);
    const both = await Promise.allSettled(
      ['a', 'b'].map((output) => engine.signal(tokens[0]!, { ok: true, output })),
    );
    expect(both.map((result) => result.status)).toEqual(['fulfilled', 'rejected']);
    expect((await ended).output).toBe('a');
    await expect(engine.signal(tokens[0]!, { ok: true, output: 'c' })).rejects.toThrow(TaskTokenUsedError);
  });

  it.each([
    [262_144, undefined],
    [262_145, 'States.DataLimitExceeded'],
  ])('an answer of %d bytes: %s', async (bytes, expected) => {
    const { engine, run, tokens, table } = asking();
    const ended = run();
    await until(() => tokens.length === 1);
    await engine.signal(tokens[0]!, { ok: true, output: 'x'.repeat(bytes - 2) });
    expect((await ended).error?.name).toBe(expected);
    expect(table.largestBytes).toBeLessThan(350_000);
  });
});

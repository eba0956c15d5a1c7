import { afterEach, expect, test, vi } from 'vitest';
import { OnnxModelError } from '#shared/onnx/session.ts';
import { TrainingDataError } from '#shared/training/training-target.ts';
import { runDemo } from './demo/command.ts';
import { main } from './main.ts';

vi.mock('./demo/command.ts', () => ({ demoHelp: '', runDemo: vi.fn() }));
afterEach(() => vi.restoreAllMocks());

test.each([
  new TrainingDataError('no rows to train on: at least 1 is needed'),
  new OnnxModelError('model needs memory'),
])('a $name is a fault of the data: told in one line, exit 2', async (error) => {
  vi.mocked(runDemo).mockRejectedValueOnce(error);
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  expect(await main(['demo'])).toBe(2);
  expect(write.mock.calls).toEqual([[`tidemark demo: ${error.message}\n`]]);
});

test('any other error is a crash and stays one', async () => {
  vi.mocked(runDemo).mockRejectedValueOnce(new TypeError('a bug'));
  await expect(main(['demo'])).rejects.toThrow('a bug');
});

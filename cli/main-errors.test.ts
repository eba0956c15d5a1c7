import { afterAll, afterEach, expect, test, vi } from 'vitest';

vi.mock('./demo/command.ts', () => ({ demoHelp: '', runDemo: vi.fn() }));
// other files of this process read these modules without the mock, before and after
vi.resetModules();
const { runDemo } = await import('./demo/command.ts');
const { main } = await import('./main.ts');
const { OnnxModelError } = await import('#shared/onnx/session.ts');
const { TrainingDataError } = await import('#shared/training/training-target.ts');
afterAll(() => {
  vi.resetModules();
});
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

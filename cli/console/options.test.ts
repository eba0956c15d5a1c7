import { describe, expect, test } from 'vitest';
import { readConsoleOptions } from './options.ts';

const read = (words: string, environment = {}) => readConsoleOptions(words.split(' '), environment);
const api = 'https://a1b2c3.execute-api.eu-west-1.amazonaws.com/dev';

describe('the words of console', () => {
  test('name a stage, whose region may come from the environment, or an address, which says its own', () => {
    expect(read('--stage dev')).toEqual({ port: 8800, target: { stage: 'dev' } });
    expect(read('--stage prod --profile work --port 0', { AWS_REGION: 'eu-west-1' })).toEqual({
      port: 0,
      profile: 'work',
      target: { stage: 'prod', region: 'eu-west-1' },
    });
    expect(read(`--url ${api} --region us-east-1`)).toEqual({
      port: 8800,
      target: { url: new URL(api), region: 'eu-west-1' },
    });
    expect(read('--url https://models.example.com/x --region us-gov-west-1').target).toMatchObject({
      region: 'us-gov-west-1',
    });
  });

  test.each([
    ['--port 8800', '--stage dev, --stage prod or --url'],
    [`--stage dev --url ${api}`, 'one of them'],
    ['--stage local', 'dev or prod is expected'],
    ['--stage dev --port 65536', 'from 0 to 65535'],
    ['--stage dev --region Ireland', 'one such as eu-west-1'],
    ['--url a1b2c3.execute-api.eu-west-1.amazonaws.com', 'https://'],
    ['--url http://a1b2c3.execute-api.eu-west-1.amazonaws.com/dev', 'https://'],
    [`--url ${api}?x=1`, 'is not allowed'],
    ['--url https://models.example.com', 'give --region, or set AWS_REGION'],
    ['--stage dev more', 'more'],
  ])('%s is refused with what is expected', (words, message) => {
    expect(() => read(words)).toThrow(message);
  });
});

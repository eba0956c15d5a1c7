import { expect, test } from 'vitest';
import { type Outputs, readEndpoints } from './endpoints.ts';
import { LocalCloudError } from './local-cloud-error.ts';

const outputs: Outputs = {
  'tidemark-local-data': { PredictionsTable: 'predictions-1', StateTable: 'state-1', Bucket: 'bucket-1' },
  'tidemark-local-monitoring': { EventBusName: 'tidemark-local' },
  'tidemark-local-serving': {
    ApiId: '7e2af752',
    ApiUrl: 'https://7e2af752.execute-api.amazonaws.com/local/',
  },
  'tidemark-local-retrain': {
    RetrainMachineArn: 'arn:aws:states:us-east-1:000000000000:stateMachine:tidemark-local-retrain',
  },
};
const url = 'http://127.0.0.1:4566';

test('the API is found at the emulator, not under the name it would have on AWS', () => {
  expect(readEndpoints(url, outputs)).toEqual({
    url,
    api: 'http://127.0.0.1:4566/restapis/7e2af752/local/_user_request_',
    bus: 'tidemark-local',
    machineArnPrefix: 'arn:aws:states:us-east-1:000000000000:stateMachine:tidemark-local-',
    predictions: 'predictions-1',
    state: 'state-1',
    bucket: 'bucket-1',
  });
});

test('an output that is missing is named, with its stack', () => {
  expect(() => readEndpoints(url, { ...outputs, 'tidemark-local-serving': {} })).toThrow(LocalCloudError);
  expect(() => readEndpoints(url, { ...outputs, 'tidemark-local-serving': {} })).toThrow(
    'stack tidemark-local-serving has no output ApiId',
  );
});

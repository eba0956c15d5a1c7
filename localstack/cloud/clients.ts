/** SDK clients of an emulator on this computer. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { region } from './deploy.ts';

/** @param url `http://127.0.0.1:PORT`; given here, it needs no environment variable */
export const emulatorOptions = (url: string) => ({
  endpoint: url,
  region,
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});

/** @param url as for {@link emulatorOptions} */
export function cloudClients(url: string) {
  const options = emulatorOptions(url);
  return {
    dynamo: new DynamoDBClient(options),
    // an explicit endpoint is not looked at for its form: an address has no subdomains for buckets
    s3: new S3Client({ ...options, forcePathStyle: true }),
    events: new EventBridgeClient(options),
    states: new SFNClient(options),
  };
}

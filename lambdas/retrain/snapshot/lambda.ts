/** The AWS entry: the same factory as everywhere, on the AWS adapters. */
import { awsDeps } from '#shared/aws/deps.ts';
import { createSnapshotHandler } from './handler.ts';

export const handler = createSnapshotHandler(awsDeps(process.env));

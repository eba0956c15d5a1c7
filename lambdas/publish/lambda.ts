/** The AWS entry: the same factory as everywhere, on the AWS adapters. */
import { awsDeps } from '#shared/aws/deps.ts';
import { createPublishHandler } from './handler.ts';

export const handler = createPublishHandler(awsDeps(process.env));

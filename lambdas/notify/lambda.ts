/** The AWS entry: the same factory as everywhere, on the AWS adapters. */
import { awsDeps } from '#shared/aws/deps.ts';
import { createNotifyHandler } from './handler.ts';

export const handler = createNotifyHandler(awsDeps(process.env));

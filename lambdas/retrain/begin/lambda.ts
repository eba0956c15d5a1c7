/** The AWS entry: the same factory as everywhere, on the AWS adapters. */
import { awsDeps } from '#shared/aws/deps.ts';
import { createBeginHandler } from './handler.ts';

export const handler = createBeginHandler(awsDeps(process.env));

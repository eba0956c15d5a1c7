/** The AWS entry: the same factory as everywhere, on the AWS adapters. */
import { awsDeps } from '#shared/aws/deps.ts';
import { createReleaseHandler } from './handler.ts';

export const handler = createReleaseHandler(awsDeps(process.env));

/** The AWS entry: the same factory as everywhere, on the AWS adapters. */
import { awsDeps } from '#shared/aws/deps.ts';
import { createPromoteHandler } from './handler.ts';

export const handler = createPromoteHandler(awsDeps(process.env));

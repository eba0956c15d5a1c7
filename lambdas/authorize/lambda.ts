/** The AWS entry: the same factory as everywhere, on the AWS adapters. */
import { awsDeps } from '#shared/aws/deps.ts';
import { createAuthorizeHandler } from './handler.ts';

export const handler = createAuthorizeHandler(awsDeps(process.env));

/** The AWS entry: the same factory as everywhere, on the AWS adapters. */
import { awsDeps } from '#shared/aws/deps.ts';
import { createApproveHandler } from './handler.ts';

export const handler = createApproveHandler(awsDeps(process.env));

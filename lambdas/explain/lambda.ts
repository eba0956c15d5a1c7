/** The AWS entry: the same factory as everywhere, on the AWS adapters. */
import { awsDeps } from '#shared/aws/deps.ts';
import { createExplainHandler } from './handler.ts';

export const handler = createExplainHandler(awsDeps(process.env));

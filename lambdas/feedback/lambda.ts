/** The AWS entry: the same factory as everywhere, on the AWS adapters. */
import { awsDeps } from '#shared/aws/deps.ts';
import { createFeedbackHandler } from './handler.ts';

export const handler = createFeedbackHandler(awsDeps(process.env));

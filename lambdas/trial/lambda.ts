/** The AWS entry: the same factory as everywhere, on the AWS adapters. */
import { awsDeps } from '#shared/aws/deps.ts';
import { createTrialHandler } from './handler.ts';

export const handler = createTrialHandler(awsDeps(process.env));

/** The AWS entry: the same factory as everywhere, on the AWS adapters. */
import { awsDeps } from '#shared/aws/deps.ts';
import { createPredictHandler } from './handler.ts';

export const handler = createPredictHandler(awsDeps(process.env));

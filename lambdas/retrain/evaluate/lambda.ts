/** The AWS entry: the same factory as everywhere, on the AWS adapters. */
import { awsDeps } from '#shared/aws/deps.ts';
import { createEvaluateHandler } from './handler.ts';

export const handler = createEvaluateHandler(awsDeps(process.env));

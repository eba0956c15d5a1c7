/** The AWS entry: the same factory as everywhere, on the AWS adapters. */
import { awsDeps } from '#shared/aws/deps.ts';
import { createValidateHandler } from './handler.ts';

export const handler = createValidateHandler(awsDeps(process.env));

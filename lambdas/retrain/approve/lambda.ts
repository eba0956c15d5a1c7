/** The AWS entry: the same factory as everywhere, on the AWS adapters. */
import { entry } from '#shared/aws/lambda-entry.ts';
import { createApproveHandler } from './handler.ts';

export const handler = entry('retrain-approve', createApproveHandler);

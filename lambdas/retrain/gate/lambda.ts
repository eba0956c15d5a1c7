/** The AWS entry: the same factory as everywhere, on the AWS adapters. */
import { entry } from '#shared/aws/lambda-entry.ts';
import { createGateHandler } from './handler.ts';

export const handler = entry('retrain-gate', createGateHandler);

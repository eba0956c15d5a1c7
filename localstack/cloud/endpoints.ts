/** Where a deployment in an emulator is to be found: read off the outputs of its stacks. */
import { LocalCloudError } from './local-cloud-error.ts';

/** What `cdk deploy --outputs-file` writes: output by name, by stack. */
export type Outputs = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface Endpoints {
  /** The emulator itself. */
  readonly url: string;
  /** The REST API; the URL in the outputs is the one it would have on AWS. */
  readonly api: string;
  readonly bus: string;
  /** Before a state machine's name. */
  readonly machineArnPrefix: string;
  readonly predictions: string;
  readonly state: string;
  readonly bucket: string;
}

/**
 * Throws a {@link LocalCloudError} that names the output that is missing.
 *
 * @example
 * readEndpoints('http://127.0.0.1:4566', outputs).api
 * // 'http://127.0.0.1:4566/restapis/7e2af752/local/_user_request_'
 */
export function readEndpoints(url: string, outputs: Outputs): Endpoints {
  const output = (part: string, name: string): string => {
    const value = outputs[`tidemark-local-${part}`]?.[name];
    if (value === undefined)
      throw new LocalCloudError(
        `stack tidemark-local-${part} has no output ${name}: was it deployed in stage local`,
      );
    return value;
  };
  return {
    url,
    api: `${url}/restapis/${output('serving', 'ApiId')}/local/_user_request_`,
    bus: output('monitoring', 'EventBusName'),
    machineArnPrefix: output('retrain', 'RetrainMachineArn').replace(/retrain$/, ''),
    predictions: output('data', 'PredictionsTable'),
    state: output('data', 'StateTable'),
    bucket: output('data', 'Bucket'),
  };
}

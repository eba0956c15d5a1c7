/** Telemetry → lines of CloudWatch's embedded metric format, by Powertools. See docs/decisions/0040. */
import { Metrics } from '@aws-lambda-powertools/metrics';
import type { Deps } from '../deps.ts';
import { telemetry, telemetryNamespace } from '../telemetry/telemetry.ts';

export interface Telemetry {
  readonly measure: Deps['measure'];
  /** Writes what was measured since; nothing where nothing was. */
  readonly flush: () => void;
}

/**
 * @param onError told what could not be written; neither function throws
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function createTelemetry(environment: string, onError: (error: unknown) => void): Telemetry {
  const metrics = new Metrics({ namespace: telemetryNamespace });
  // a dimension `service`, which it always sets, would be part of every metric's name
  metrics.clearDefaultDimensions();
  metrics.setDefaultDimensions({ environment });
  const guarded = (run: () => void) => {
    try {
      run();
    } catch (error) {
      onError(error);
    }
  };
  return {
    measure: (name, value) =>
      guarded(() => {
        // it would be written as null, and the whole line refused
        if (!Number.isFinite(value))
          throw new RangeError(`${name} was measured as ${value}: want a finite number`);
        // Lambda drops lines without them where the function logs warnings and errors only; the library writes a full line by itself
        metrics.addMetadata('level', 'error');
        metrics.addMetadata('timestamp', new Date().toISOString());
        metrics.addMetric(name, telemetry[name].unit, value);
      }),
    flush: () => guarded(() => void (metrics.hasStoredMetrics() && metrics.publishStoredMetrics())),
  };
}

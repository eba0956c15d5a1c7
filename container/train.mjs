// The container's entry point; SageMaker starts it as `IMAGE train`. TIDEMARK_ML_ROOT moves /opt/ml, for trying it out.
import { register } from 'tsx/esm/api';

register();
const { trainContainer } = await import('./train.ts');
process.exitCode = await trainContainer(process.env.TIDEMARK_ML_ROOT ?? '/opt/ml', (text) =>
  console.log(text),
);

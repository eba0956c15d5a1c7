// Entry of `cdk synth` and `cdk deploy`: reads the stage from the context and builds the app for it.
import { App } from 'aws-cdk-lib';
import { refuseUnknownKeys, stageConfig } from './stage-config.ts';
import { buildTidemark } from './tidemark.ts';

const app = new App();
refuseUnknownKeys(Object.keys(app.node.getAllContext()));
buildTidemark(
  app,
  stageConfig((key) => app.node.tryGetContext(key)),
);

// What the calculator has to assume, in one place: operations counted, durations and sizes guessed from them.

/**
 * What no template says. Counts of operations were measured by counting the calls of the real handlers on stores in memory
 * (2026-11-21); durations are those calls at 5 to 10 ms each on DynamoDB and 15 to 30 ms on S3, and no account has confirmed them.
 */
export const assumed = {
  predictMs: 15,
  /** Each further row of a batch. */
  predictRowMs: 0.5,
  feedbackMs: 10,
  labelsPerRequest: 100,
  captureMs: 50,
  capturePairMs: 80,
  tickMs: 20,
  tickModelMs: 90,
  rollUpMs: 150,
  rollUpPartialMs: 15,
  monitorMs: 8000,
  otherScheduledMs: 200,
  /** Consistent reads of a publication, and of each model in it; writes. */
  publishReads: 4,
  publishModelReads: 12,
  publishWrites: 2,
  /** Series of a model with 50 features and two classes, by how often each is sent; metric-series.test.ts counts them. */
  modelSeries: { minute: 16, fourMinutes: 45, change: 447 },
  deploymentSeries: { minute: 4, fourMinutes: 7 },
  /** Recorded by rules from the above, per model, by how often they are evaluated. */
  recordedSeries: { minute: 19, fourMinutes: 15 },
  /** Recorded of the deployment itself. */
  deploymentRecorded: 3,
  sampleBytes: 2,
  /** One run, by step. */
  retrainSeconds: {
    'retrain-begin': 0.2,
    'retrain-snapshot': 20,
    'retrain-validate': 3,
    'retrain-train': 60,
    'retrain-parity': 15,
    'retrain-evaluate': 15,
    'retrain-gate': 5,
    'retrain-approve': 0.3,
    'retrain-promote': 0.3,
    'retrain-release': 0.2,
  },
  /** Consistent reads, writes and lists of a tick: listed models, and per model. */
  tickReads: 1,
  tickModelReads: 10,
  tickModelLists: 1,
  /** Of each granule of a model, with or without rows; then of one with rows. */
  granuleWrites: 2,
  rollUpReads: 1,
  rollUpWrites: 2,
  rollUpLists: 2,
  /** Of a batch and model in it. */
  captureReads: 2,
  capturePuts: 2,
  captureGets: 1,
  windowReads: 110,
  windowWrites: 6,
  /** Explained rows, the report and its page. */
  windowPuts: 3,
  /** Granules of a day, baseline and earlier figures; the report again for its page. */
  windowGets: 302,
  runWrites: 12,
  runReads: 40,
  runPuts: 15,
  runGets: 400,
  windowsPerMonth: 30,
  /** The champion is looked up again this often by each warm process, in two reads. */
  pointerSeconds: 30,
  /** Partitions of a new on-demand table; more above 1000 writes a second each. */
  minShards: 4,
  peakFactor: 3,
  /** Item with 10 features, with the 100 bytes DynamoDB adds when it bills storage. */
  itemBytes: 800,
  logDays: 14,
  archiveRowBytes: 100,
  partialBytes: 2000,
  granuleBytes: 8000,
  /** JSON and page of 50 numeric features without drift: 224 and 171 kB, measured; 457 kB where every feature alarms. */
  reportBytes: 395_000,
  runBytes: 10_000_000,
  modelBytes: 5_000_000,
  answerBytes: 1000,
  accessLogBytes: 700,
  runLogBytes: 150_000,
  bucketLogBytes: 500,
  /** Billed by the hour in which a method is asked: a whole month of hours here. */
  metricsPerMethod: 5,
  /** Events of the stream polled, filtered, invoked with, failed, dropped and filed; as above, while records come. */
  metricsPerFeed: 6,
  /** A table asks for its key about every 5 minutes and client. */
  keyLookupSeconds: 300,
  /** X-Ray's default rule: the first request of each second and this share of the others. */
  tracedShare: 0.05,
} as const;

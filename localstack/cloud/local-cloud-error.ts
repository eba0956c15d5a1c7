/** The local cloud cannot be used: what is wrong, and what a person can do about it. */
export class LocalCloudError extends Error {
  override readonly name = 'LocalCloudError';
}

/** Images that a schema asks to keep, one object per file however often it is sent. */
import type { Deps } from '../deps.ts';
import type { DecodedImage } from './decode-image.ts';

/** @param sha256 of the file, as the prediction log has it */
export function imageKey(model: string, sha256: string): string {
  return `images/${model}/${sha256}`;
}

/** Idempotent; the object is the file as it was sent. */
export async function storeImage(
  deps: Pick<Deps, 'objects'>,
  model: string,
  { sha256, file }: DecodedImage,
): Promise<void> {
  await deps.objects.putIfAbsent(imageKey(model, sha256), file);
}

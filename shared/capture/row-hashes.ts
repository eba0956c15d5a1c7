/** The hashes of a granule's rows, eight bytes each: tells whether a row was delivered twice, also among ten million. */

const HASH_BYTES = 8;

/**
 * Collects the hashes of partials and looks for two that are equal.
 *
 * Texts would take 50 bytes each and a `Set` of them ends at 16.7 million; this takes 16 bytes a row while it looks.
 * 64 bits: among ten million different rows two are equal once in 400,000 granules, which then costs a rebuild.
 *
 * @example
 * const hashes = new RowHashes();
 * hashes.add(['Kq1x0Zb2Lw8', 'c0ffeeC0FFE']);
 * hashes.hasRepeats(); // false
 */
export class RowHashes {
  private readonly chunks: Uint8Array[] = [];
  private count = 0;

  /** @param hashes - as in a partial, 11 characters of base64url each; characters after the 64th bit are passed over */
  add(hashes: readonly string[]): void {
    const chunk = Buffer.alloc(hashes.length * HASH_BYTES);
    for (const [at, hash] of hashes.entries()) chunk.write(hash, at * HASH_BYTES, HASH_BYTES, 'base64url');
    this.chunks.push(chunk);
    this.count += hashes.length;
  }

  hasRepeats(): boolean {
    const all = new BigUint64Array(this.count);
    const bytes = new Uint8Array(all.buffer);
    let at = 0;
    for (const chunk of this.chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    all.sort();
    return all.some((hash, index) => index > 0 && hash === all[index - 1]);
  }
}

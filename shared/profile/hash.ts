/** Content hashing for profiles: names anchors by what they hold and orders unseen strings fairly. */

/**
 * 32-bit hash of a string's UTF-16 code units: MurmurHash3's mixing (Appleby, public domain), one block per unit.
 * Not cryptographic; use it to spread or to order, not to authenticate.
 *
 * @param seed any 32-bit integer; another seed gives an independent hash
 * @example hashString('setosa') === hashString('setosa') // true
 */
export function hashString(text: string, seed = 0): number {
  let hash = seed | 0;
  for (let at = 0; at < text.length; at++) {
    let block = Math.imul(text.charCodeAt(at), 0xcc9e2d51);
    block = (block << 15) | (block >>> 17);
    hash ^= Math.imul(block, 0x1b873593);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  hash ^= text.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** 96-bit content name of a text, as 24 hex digits. Collisions by accident are out of reach; by intent they are not. */
export function contentHash(text: string): string {
  return [1, 2, 3].map((seed) => hashString(text, seed).toString(16).padStart(8, '0')).join('');
}

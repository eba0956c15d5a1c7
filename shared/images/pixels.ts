/** Pixels as every step from decoding to the tensor has them, and what stands in their place when there are none. */

/** 8-bit pixels row by row, the channels of one beside each other: grey, or red, green, blue. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly pixels: Uint8Array;
}

/** `too_large` is a matter of limits, `invalid` of the image itself. */
export interface ImageFault {
  readonly ok: false;
  readonly code: 'invalid' | 'too_large';
  readonly reason: string;
}

/** What the reader of one format answers. */
export type FileDecoding = ({ readonly ok: true } & Pixels) | ImageFault;

export const invalid = (reason: string): ImageFault => ({ ok: false, code: 'invalid', reason });
export const tooLarge = (reason: string): ImageFault => ({ ok: false, code: 'too_large', reason });

/** What a decoder says of a file, in words; that it stumbled over its own variables tells nobody anything. */
export function faultOf(error: unknown): string {
  if (error instanceof TypeError) return 'its tables and its data do not fit together';
  return error instanceof Error ? error.message : String(error);
}

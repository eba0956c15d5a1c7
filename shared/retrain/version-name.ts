/** How versions are named: by the time of the newest data that made them, and by what made them. */

/** @example versionName(Date.UTC(2026, 10, 21, 8), 'a1b2c3d4e5f6') // => '20261121T080000-a1b2c3' */
export function versionName(dataThroughMs: number, maker: string): string {
  const stamp = new Date(dataThroughMs).toISOString().slice(0, 19).replace(/[-:]/g, '');
  return `${stamp}-${maker.slice(0, 6)}`;
}

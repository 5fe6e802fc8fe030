/** More than any program writes, with what looks like one within others: a thumbnail, a profile. */
const MOST_SEGMENTS = 2 ** 16;

/**
 * The decoder keeps each application segment and comment of a JPEG, with a hundred times the four bytes that one
 * takes in the file.
 * @throws Error where there are too many
 */
export function checkJpegSegments(bytes: Uint8Array): void {
  let count = 0;
  for (let at = bytes.indexOf(0xff); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const mark = bytes[at + 1]!;
    if (mark >> 4 === 0xe || mark === 0xfe) count++;
    if (count > MOST_SEGMENTS) throw new Error(`it has more than ${MOST_SEGMENTS} segments`);
  }
}

/**
 * How the pixels of a feature map lie in memory: rows are width + 1 apart, the extra column being
 * the padding between two rows, and 32 consecutive pixels are a tile. All maps of one size share it.
 */
export interface Raster {
  readonly height: number;
  readonly width: number;
  /** Pixels from one row to the next. */
  readonly row: number;
  /** Tiles of 32 pixels; the last may reach past the picture. */
  readonly tiles: number;
}

/** Pixels of a tile: the lanes of the kernels. */
export const TILE_PIXELS = 32;

export function rasterOf(height: number, width: number): Raster {
  const row = width + 1;
  return { height, width, row, tiles: Math.ceil((height * row) / TILE_PIXELS) };
}

/** Calls `visit` with each pixel inside the picture and its place in the raster. */
export function forEachPixel(
  raster: Raster,
  visit: (y: number, x: number, index: number) => void,
): void {
  for (let y = 0; y < raster.height; y++) {
    for (let x = 0; x < raster.width; x++) visit(y, x, y * raster.row + x);
  }
}

/** `[pixel]` bytes: 0xff inside the picture, 0 in the padding column and past the end. */
export function insideMask({ height, width, row, tiles }: Raster): Uint8Array {
  const mask = new Uint8Array(tiles * TILE_PIXELS);
  for (let y = 0; y < height; y++) mask.fill(0xff, y * row, y * row + width);
  return mask;
}

/** `[pixel]` bytes: which borders the pixel touches, top 1, bottom 2, left 4, right 8. */
export function borderClasses({ height, width, row, tiles }: Raster): Uint8Array {
  const classes = new Uint8Array(tiles * TILE_PIXELS);
  for (let y = 0; y < height; y++) {
    const first = y * row;
    classes.fill((y === 0 ? 1 : 0) | (y === height - 1 ? 2 : 0), first, first + width);
    classes[first]! |= 4;
    classes[first + width - 1]! |= 8;
  }
  return classes;
}

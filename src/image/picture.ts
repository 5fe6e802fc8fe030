/**
 * A decoded picture: 8-bit RGB or RGBA, row-major, top row first. A browser's `ImageData` is one.
 * `classify` lays a transparent one on its option `background`.
 */
export interface Picture {
  /** `width * height * channels` bytes, channels innermost. */
  readonly data: Uint8Array | Uint8ClampedArray;
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** 3 (RGB) or 4 (RGBA); worked out from the length of `data` where absent. */
  readonly channels?: 3 | 4;
}

/** How a picture becomes the network's input; stored in the model file. */
export interface Preprocessing {
  /** `[height, width]` of the network's input. */
  readonly size: readonly [number, number];
  readonly resize: {
    /**
     * `shorter-side`: the shorter side becomes `size`, the longer keeps the proportions, rounded
     * down (torchvision's `Resize(int)`). `stretch`: to `size` = `[height, width]` exactly.
     */
    readonly rule: 'shorter-side' | 'stretch' | 'none';
    readonly size: number | readonly [number, number];
    readonly filter: 'box' | 'bilinear' | 'bicubic' | 'lanczos';
  };
  readonly crop: 'center' | 'none';
  /** Per channel, of values in 0..1. */
  readonly mean: readonly [number, number, number];
  /** Per channel, of values in 0..1; positive. */
  readonly std: readonly [number, number, number];
}

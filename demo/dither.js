// @ts-check
/** Pictures in one bit a pixel, as the decoration of the page. */

/** Order in which the pixels of an 8 x 8 tile go, 0..63, each far from those before (Bayer). */
const TILE_ORDER = Array.from({ length: 64 }, (_, i) => {
  const x = i % 8;
  const y = i >> 3;
  let order = 0;
  for (let bit = 0; bit < 3; bit++) {
    const a = ((x ^ y) >> bit) & 1;
    const b = (y >> bit) & 1;
    order = (order << 2) | (a << 1) | b;
  }
  return order;
});

/**
 * Draws the middle square of a picture into a canvas, each pixel either of two colours.
 * @param {HTMLCanvasElement} canvas whose size is that of the result
 * @param {HTMLImageElement} picture decoded
 */
export function drawBits(canvas, picture) {
  const { width, height } = canvas;
  const context = contextOf(canvas);
  const side = Math.min(picture.naturalWidth, picture.naturalHeight);
  const left = (picture.naturalWidth - side) / 2;
  const top = (picture.naturalHeight - side) / 2;
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, left, top, side, side, 0, 0, width, height);
  const image = context.getImageData(0, 0, width, height);
  const [dark, light] = bitColours();
  for (const [i, lit] of dither(stretch(luminances(image.data)), width).entries()) {
    image.data.set(lit ? light : dark, i * 4);
  }
  context.putImageData(image, 0, 0);
}

/**
 * Takes the bits of a canvas away, tile by tile in the order of the dither.
 * @param {HTMLCanvasElement} canvas
 * @param {AbortSignal} signal stops it
 */
export function dissolveBits(canvas, signal) {
  const DURATION = 550;
  const context = contextOf(canvas);
  const begin = performance.now();
  let cleared = 0;
  const step = () => {
    if (signal.aborted) return;
    const share = Math.min(1, (performance.now() - begin) / DURATION);
    const wanted = Math.round(share * 64);
    for (; cleared < wanted; cleared++) {
      const tile = TILE_ORDER.indexOf(cleared);
      for (let y = tile >> 3; y < canvas.height; y += 8) {
        for (let x = tile % 8; x < canvas.width; x += 8) context.clearRect(x, y, 1, 1);
      }
    }
    if (share < 1) requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}

/** @param {HTMLCanvasElement} canvas */
export function clearBits(canvas) {
  contextOf(canvas).clearRect(0, 0, canvas.width, canvas.height);
}

/** @param {HTMLCanvasElement} canvas */
function contextOf(canvas) {
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('The browser cannot draw');
  return context;
}

/**
 * Atkinson's dither: three quarters of a pixel's error go to its neighbours.
 * @param {Float32Array} levels 0..1, row-major
 * @param {number} width
 * @returns {boolean[]} which pixels are light
 */
function dither(levels, width) {
  const NEIGHBOURS = [
    [1, 0],
    [2, 0],
    [-1, 1],
    [0, 1],
    [1, 1],
    [0, 2],
  ];
  const rest = Float32Array.from(levels);
  return Array.from(rest, (_, i) => {
    const level = rest[i] ?? 0;
    const lit = level > 0.5;
    const error = (level - (lit ? 1 : 0)) / 8;
    for (const [right = 0, down = 0] of NEIGHBOURS) {
      const x = (i % width) + right;
      const at = i + down * width + right;
      if (x >= 0 && x < width && at < rest.length) rest[at] = (rest[at] ?? 0) + error;
    }
    return lit;
  });
}

/**
 * The dark and the light colour of the style sheet, as RGBA bytes.
 * @returns {[number[], number[]]}
 */
function bitColours() {
  const style = getComputedStyle(document.documentElement);
  /** @param {string} name */
  const bytesOf = (name) => {
    const colour = style.getPropertyValue(name).trim();
    return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)).concat(255);
  };
  return [bytesOf('--bit-dark'), bytesOf('--bit-light')];
}

/** @param {Uint8ClampedArray} data RGBA */
function luminances(data) {
  return Float32Array.from({ length: data.length / 4 }, (_, i) => {
    const [red = 0, green = 0, blue = 0] = data.subarray(i * 4, i * 4 + 3);
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255;
  });
}

/**
 * Contrast from the 3rd to the 97th hundredth, so that flat pictures show, too.
 * @param {Float32Array} levels 0..1
 */
function stretch(levels) {
  const sorted = levels.toSorted();
  const low = sorted[Math.trunc(sorted.length * 0.03)] ?? 0;
  const high = sorted[Math.trunc(sorted.length * 0.97)] ?? 1;
  return levels.map((level) => (level - low) / Math.max(high - low, 0.05));
}

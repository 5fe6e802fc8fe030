import { decodePicture } from '../../src/node/decode.ts';
import { readFileBytes } from '../../src/node/read-file.ts';
import { randomFrom } from '../helpers/random.ts';

/**
 * A video of one still picture, as the fake camera reads it: YUV4MPEG2, 4:2:0.
 * @param noise most levels that a pixel's brightness is off, another each frame
 */
export async function videoOf(picture: string, frames: number, noise = 0): Promise<Buffer> {
  const { data, width, height, channels } = await decodePicture(await readFileBytes(picture));
  const [w, h] = [width & ~1, height & ~1];
  const y = Buffer.alloc(w * h);
  const [u, v] = [Buffer.alloc(y.length / 4), Buffer.alloc(y.length / 4)];
  for (let row = 0; row < h; row++) {
    for (let column = 0; column < w; column++) {
      const at = (row * width + column) * channels!;
      const [r, g, b] = [data[at]!, data[at + 1]!, data[at + 2]!];
      y[row * w + column] = 16 + (66 * r + 129 * g + 25 * b) / 256;
      if (row % 2 !== 0 || column % 2 !== 0) continue;
      const half = (row / 2) * (w / 2) + column / 2;
      u[half] = 128 + (-38 * r - 74 * g + 112 * b) / 256;
      v[half] = 128 + (112 * r - 94 * g - 18 * b) / 256;
    }
  }
  const random = randomFrom(1);
  const noisy = () => y.map((level) => level + random.below(2 * noise + 1) - noise);
  const all = Array.from({ length: frames }, () => [Buffer.from('FRAME\n'), noisy(), u, v]);
  const header = Buffer.from(`YUV4MPEG2 W${w} H${h} F15:1 Ip A1:1 C420jpeg\n`);
  return Buffer.concat([header, ...all.flat()]);
}

/** The pixels as they are stored, the right way up: what the models are trained with. */
export const STORED_PIXELS: ImageBitmapOptions = {
  imageOrientation: 'from-image',
  colorSpaceConversion: 'none',
  premultiplyAlpha: 'none',
};

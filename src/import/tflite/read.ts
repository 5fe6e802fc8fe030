import { ImportError } from '../../errors.ts';
import type { ForeignNetwork } from '../onnx/read.ts';

/** Whether the bytes are a TensorFlow Lite model: its identifier stands at byte 4. */
export function isTflite(bytes: Uint8Array): boolean {
  return String.fromCharCode(...bytes.subarray(4, 8)) === 'TFL3';
}

export function readTflite(_bytes: Uint8Array): ForeignNetwork {
  throw new ImportError('IMPORT_UNSUPPORTED', 'TensorFlow Lite');
}

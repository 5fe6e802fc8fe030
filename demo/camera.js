// @ts-check

/** @type {Readonly<Record<string, string>>} */
const REASONS = {
  NotAllowedError: 'The browser was not allowed to use the camera: allow it for this page',
  NotFoundError: 'No camera was found',
  NotReadableError: 'The camera is in use elsewhere, or does not answer',
};

/** Whether this page may ask for a camera; it needs https or localhost. */
export function hasCamera() {
  return Boolean(navigator.mediaDevices?.getUserMedia);
}

/**
 * Opens the camera, the rear one where there are two, and plays it in `video`.
 * @param {HTMLVideoElement} video
 * @param {object} [events]
 * @param {() => void} [events.onOpen] the visitor has allowed it, the picture is about to come
 * @param {() => void} [events.onEnd] the camera went away by itself
 * @returns {Promise<{ stop: () => void }>}
 * @throws Error in words for the visitor
 */
export async function openCamera(video, { onOpen, onEnd } = {}) {
  const stream = await requestStream();
  const [track] = stream.getVideoTracks();

  function stop() {
    for (const each of stream.getTracks()) each.stop();
    video.srcObject = null;
  }

  onOpen?.();
  video.classList.toggle('mirrored', track?.getSettings().facingMode === 'user');
  video.srcObject = stream;
  try {
    await video.play();
  } catch (cause) {
    stop();
    throw new Error('The camera does not send a picture', { cause });
  }
  track?.addEventListener('ended', () => {
    stop();
    onEnd?.();
  });
  return { stop };
}

async function requestStream() {
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: { ideal: 'environment' }, width: { ideal: 640 } },
    });
  } catch (cause) {
    const name = cause instanceof DOMException ? cause.name : '';
    throw new Error(REASONS[name] ?? 'The camera cannot be opened', { cause });
  }
}

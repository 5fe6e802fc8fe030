/** The frames of a video, one at a time and only the newest. */

export interface VideoFrames {
  /**
   * Waits for a frame that has not been taken, and takes it.
   * @returns the time of the frame in the video, seconds; undefined at the end
   */
  take(): Promise<number | undefined>;
  /** Ends it: whoever waits is told. */
  close(): void;
}

/** A video has a frame to show from this `readyState` on. */
const HAVE_CURRENT_DATA = 2;

/** Frames end with the video, or when its source is taken away. */
export function openVideoFrames(video: HTMLVideoElement): VideoFrames {
  let newest: number | undefined = video.currentTime;
  let ended = video.ended;
  const waiting: (() => void)[] = [];
  const wake = () => {
    for (const resume of waiting.splice(0)) resume();
  };
  const onFrame = (time: number) => {
    newest = time;
    wake();
  };
  const end = () => {
    ended = true;
    wake();
  };
  const close = () => {
    newest = undefined;
    stop();
    video.removeEventListener('ended', end);
    video.removeEventListener('emptied', close);
    end();
  };
  const stop = listen(video, onFrame);
  video.addEventListener('ended', end);
  video.addEventListener('emptied', close);
  return {
    async take() {
      while (newest === undefined || video.readyState < HAVE_CURRENT_DATA) {
        if (ended) return undefined;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      const time = newest;
      newest = undefined;
      return time;
    },
    close,
  };
}

/**
 * Tells of every frame that is shown. Browsers without `requestVideoFrameCallback` are asked at each
 * repaint whether the video has moved.
 * @returns ends it
 */
function listen(video: HTMLVideoElement, onFrame: (time: number) => void): () => void {
  let handle = 0;
  if (typeof (video as Partial<HTMLVideoElement>).requestVideoFrameCallback === 'function') {
    const next: VideoFrameRequestCallback = (_, { mediaTime }) => {
      handle = video.requestVideoFrameCallback(next);
      onFrame(mediaTime);
    };
    handle = video.requestVideoFrameCallback(next);
    return () => video.cancelVideoFrameCallback(handle);
  }
  let last = video.currentTime;
  const next = () => {
    handle = requestAnimationFrame(next);
    const { currentTime } = video;
    if (currentTime !== last) onFrame(currentTime);
    last = currentTime;
  };
  handle = requestAnimationFrame(next);
  return () => cancelAnimationFrame(handle);
}

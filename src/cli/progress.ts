import { clearLine, cursorTo } from 'node:readline';
import { Presets, SingleBar } from 'cli-progress';

/** A progress bar on standard error, under whatever is written to standard output. */
export interface Progress {
  /** One more is done; `note` is shown behind the bar. */
  step(note?: string): void;
  /** Takes the bar off the screen, until the next step, so that lines can be written. */
  hide(): void;
  /** Takes the bar off the screen for good. */
  stop(): void;
}

const NO_PROGRESS: Progress = { step: () => {}, hide: () => {}, stop: () => {} };

const SAVE_CURSOR = '\x1b7';

/** Fewer than these are done before a bar could be read. */
const WORTH_A_BAR = 10;

/** A bar up to `total`; none where they are few, or where standard error is no terminal. */
export function openProgress(total: number, unit: string): Progress {
  const terminal = process.stderr;
  if (!terminal.isTTY || total < WORTH_A_BAR) return NO_PROGRESS;
  const bar = new SingleBar(
    {
      stream: terminal,
      format: `{bar} {value}/{total} ${unit}, {eta_formatted} left {note}`,
      barsize: 28,
      clearOnComplete: true,
      etaBuffer: 100,
      // Ctrl-C ends the program, and finds the terminal as it was.
      gracefulExit: false,
      linewrap: true,
    },
    Presets.shades_classic,
  );
  bar.start(total, 0, { note: '' });
  return {
    step: (note = '') => bar.increment({ note }),
    hide() {
      cursorTo(terminal, 0);
      clearLine(terminal, 0);
    },
    stop() {
      // The bar goes back to where the cursor was saved, and it has moved on since the start.
      terminal.write(SAVE_CURSOR);
      bar.stop();
    },
  };
}

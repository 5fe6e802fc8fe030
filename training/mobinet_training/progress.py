"""What a bar shows while nothing moves it."""

import threading
from contextlib import contextmanager


@contextmanager
def ticking(bar, seconds=1.0):
    """Shows the tqdm `bar` anew every second, so that a step of minutes, which compiles, is seen to go on."""
    ended = threading.Event()

    def tick():
        while not ended.wait(seconds):
            bar.refresh()

    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()

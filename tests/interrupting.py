"""What Ctrl-C does in a process that a test starts: the tests may have been started where it is ignored."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def ctrl_c_means(handler: Any) -> Iterator[None]:
    """Meanwhile SIGINT is handled so here, and ignored or not in what is started: a child inherits nothing else."""
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)

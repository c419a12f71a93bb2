"""How long-running work reports its progress."""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with a sentence, how much is done, and the total (0 where it is not known)."""


def silent(sentence: str, done: int, total: int) -> None:
    """For callers that do not show progress."""

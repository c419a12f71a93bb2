"""What models are being asked at the moment, and how that ends before its time."""

import threading
from dataclasses import dataclass, field


class SupersededError(Exception):
    """Nobody waits for this answer any more: the same person has asked something else."""


@dataclass(eq=False)
class Question:
    """draft: of whoever asks. is_single: about one input, as on the Test page, where the next one takes its place."""

    draft: str
    is_single: bool
    cancelled: threading.Event = field(default_factory=threading.Event)
    is_superseded: bool = False

    def supersede(self) -> None:
        self.is_superseded = True
        self.cancelled.set()

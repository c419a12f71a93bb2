"""How the models of drafts are built, read in the background while the person goes on choosing."""

import time
from collections.abc import Iterator

from studio.app.background import Background
from studio.app.drafts import Draft
from studio.errors import StudioError
from studio.forked import ForkServer
from studio.language import _
from studio.model_reader import read_architecture, reads_here, remembered
from studio.models import local
from studio.models.architecture import Architecture
from studio.models.local import ModelInfo
from studio.options import Options
from studio.paths import Home
from studio.tasks import TASKS
from studio.tasks.base import Task

MOST_PROCESSES = 2
SECONDS_BETWEEN = 0.3
READING = _("Reading how the model is built; this takes a few seconds the first time.")


class Architectures:
    """Answers from home.cache; begins to read what is not there yet. A reading that failed is kept until `forget`."""

    def __init__(self, home: Home, trust_remote_code: bool, forks: ForkServer) -> None:
        self._home, self._trust, self._forks = home, trust_remote_code, forks
        self._readings = Background[Architecture](MOST_PROCESSES)

    def of(self, draft: Draft) -> Architecture:
        """Of the draft's model for its task; takes seconds where nobody asked before. Raises StudioError."""
        info, task, options = self._asked(draft)
        return read_architecture(info, task, options, self._home, trust_remote_code=self._trust)

    def current(self, draft: Draft) -> Architecture | None:
        """The same, or None while it is being read; this call starts the reading."""
        info, task, options = self._asked(draft)
        known = remembered(info, task, options, self._home) or (self.of(draft) if reads_here() else None)
        if known is not None:
            self.forget(draft)
            return known
        self._forks.start()  # what follows needs torch again and again
        return self._readings.ask(_key(draft), lambda: self.of(draft))

    def prefetch(self, draft: Draft) -> None:
        """Begin to read it, if model and task are chosen; errors are reported where the answer is needed."""
        if draft.task is None or draft.model is None or reads_here():
            return
        try:
            self.current(draft)
        except StudioError:
            return

    def waiting(self, draft: Draft) -> Iterator[str]:
        """Says what it waits for, again and again, until the architecture is there. Raises StudioError."""
        while self.current(draft) is None:
            yield READING
            time.sleep(SECONDS_BETWEEN)

    def forget(self, draft: Draft) -> None:
        """Retry what failed: the person has chosen this model again."""
        self._readings.forget(_key(draft))

    def _asked(self, draft: Draft) -> tuple[ModelInfo, Task, Options]:
        task = TASKS[str(draft.task)]
        info = local.describe(str(draft.model), self._trust, self._home, draft.value("model.revision"))
        return info, task, task.Options.read(draft.options)


def _key(draft: Draft) -> str:
    return repr((draft.model, draft.value("model.revision"), draft.task, sorted(draft.options.items())))

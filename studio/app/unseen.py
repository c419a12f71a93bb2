"""What the draft's model does not see of its texts, found out in the background."""

from studio.app.background import Background
from studio.app.draft_data import Datasets
from studio.app.drafts import Draft
from studio.errors import StudioError
from studio.model_reader import reads_here
from studio.models import local
from studio.paths import Home
from studio.tasks import TASKS
from studio.token_findings import Finding, findings, texts_of
from studio.token_reader import TokenCounts, read_tokens

MOST_PROCESSES = 1


NOTHING_READ = TokenCounts((), 0, None, {}, 0.0)


class Unseen:
    """The counts do not depend on how long texts may be, so another length is answered at once."""

    def __init__(self, home: Home, trust_remote_code: bool) -> None:
        self._home, self._trust = home, trust_remote_code
        self._counts = Background[TokenCounts](MOST_PROCESSES)

    def current(self, draft: Draft, datasets: Datasets) -> list[Finding] | None:
        """What was found out, or None while the texts are being read; this call begins it. datasets: the person's own.

        Nothing else depends on it, so what goes wrong is one of the findings.
        """
        task = TASKS[str(draft.task)]
        if task.model.processor != "tokenizer":
            return []
        key = repr(
            (
                draft.task,
                draft.model,
                draft.value("model.revision"),
                draft.dataset,
                draft.data.model_dump(exclude={"split"}),
            )
        )
        try:
            counts = (
                self._read(draft, datasets)
                if reads_here()
                else self._counts.ask(key, lambda: self._read(draft, datasets))
            )
        except StudioError as error:
            return [Finding.of(error)]
        if counts is None:
            return None
        if not counts.lengths:
            return []
        return findings(counts, task.Options.read(draft.options), task.name)

    def _read(self, draft: Draft, datasets: Datasets) -> TokenCounts:
        task = TASKS[str(draft.task)]
        info = local.describe(str(draft.model), self._trust, self._home, draft.value("model.revision"))
        texts = texts_of(task, datasets.assembled(draft).table)
        return read_tokens(info, texts, self._home, self._trust) if texts else NOTHING_READ

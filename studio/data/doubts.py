"""What is doubtful about how data was read and understood, and not settled yet: to be told before anything else."""

from collections.abc import Sequence

from studio.data.columns import Column
from studio.data.guesses import Guess
from studio.data.guessing import column_guesses
from studio.data.importing import Imported
from studio.data.options import DataOptions


def doubts(imported: Imported, options: DataOptions, columns: Sequence[Column]) -> list[Guess]:
    """Doubtful guesses that `options` do not settle, those about the file first."""
    stated = options.reading.model_dump()
    reading = [each for each in imported.guesses if stated.get(each.setting.rpartition(".")[2]) is None]
    guesses = [*reading, *column_guesses(imported, columns, options.columns)]
    return [each for each in guesses if each.doubtful]

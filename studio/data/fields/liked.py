"""What somebody liked before: a JSON list of texts in their order, made from a table of who liked what, and when."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas

from studio.data.columns import SPLITS, Column
from studio.data.fields.base import Field
from studio.data.formats.base import encodable
from studio.data.likes import USER, Likes, likes_in
from studio.data.splitting import SplitOptions
from studio.errors import StudioError
from studio.language import _

MOST_LIKED = 100  # of the last ones before a row that it keeps
MOST_LETTERS = 500_000_000  # that all rows keep together: fewer of each where there are many, or they are long
FEWEST_DIVIDED = 3  # likes of a person, of which one is for each split


class Liked(Field):
    name = "liked"
    gathers = True
    is_plain = False
    examples = ('["Pasta with tomatoes"]', '["Apple pie"]', '["Onion soup"]')
    missing = _("Nothing is liked.")
    bring = {
        "text": _("Bring a table with a row for each thing that somebody liked, bought or clicked."),
        "image": _("This task learns from tables: bring one (CSV, Excel, JSON or Parquet)."),
        "audio": _("This task learns from tables: bring one (CSV, Excel, JSON or Parquet)."),
    }
    example = '["Pasta with tomatoes", "Onion soup"]'

    def gather(self, table: pandas.DataFrame, roles: Mapping[str, str]) -> pandas.Series:
        """For each row that is a like what the same person liked before it, the last ones; see `_add`."""
        cells = ["[]"] * len(table)
        likes = likes_in(table, roles)
        for place, before in zip(likes.places, _before(likes), strict=True):
            cells[place] = json.dumps(before, ensure_ascii=False)
        return pandas.Series(cells, index=table.index, dtype="str")

    def gathers_from(self, count: int) -> bool:
        return True

    def asked(self, table: pandas.DataFrame, roles: Mapping[str, str]) -> tuple[pandas.DataFrame, pandas.Series]:
        """A row for each person, with all that they liked. Raises StudioError where the file does not say it."""
        missing = next((role for role in USER if roles.get(role) not in table.columns), None)
        if missing is not None:
            raise StudioError(
                _("The data has no column '{column}'.", column=roles.get(missing, missing)),
                _("It needs a row for each thing that somebody liked, with the columns that the run learned from."),
                _("Name its columns as in the data of the run."),
            )
        likes = likes_in(table, roles)
        everything: dict[str, list[str]] = {str(user): [] for user in table[roles["user"]].dropna().unique()}
        most = MOST_LETTERS // max(1, len(everything))
        for user, item in zip(likes.users, likes.items, strict=True):
            _add(everything[user], item, most)
        cells = [json.dumps(items, ensure_ascii=False) for items in everything.values()]
        people = pandas.DataFrame({roles["user"]: list(everything)}, dtype="str")
        return people, pandas.Series(cells, index=people.index, dtype="str")

    def told(self, example: str, column: Column) -> dict[str, str]:
        return {}

    def parse(self, cell: str, files: Path | None) -> list[str]:
        """As it is stored, or as somebody writes it: a line each."""
        if not cell.lstrip().startswith("["):
            return [encodable(line.strip()) for line in cell.splitlines() if line.strip()]
        try:
            found = json.loads(cell)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
            raise StudioError(
                _("'{cell}' cannot be read.", cell=cell[:60]),
                _("A list of texts is expected, such as {example}.", example='["Onion soup"]'),
                _("Correct it."),
            )
        return [encodable(text) for text in found]

    def typed(self, text: str) -> str:
        return json.dumps(self.parse(text, None), ensure_ascii=False) if text.strip() else ""

    def compared(self, cells: pandas.Series, contents: Mapping[str, str]) -> pandas.Series | None:
        return cells

    def divided(self, table: pandas.DataFrame, options: SplitOptions) -> "tuple[pandas.Series, str] | None":
        """The last likes of each person are tested, those before them validate: what is learned from lies before what
        is asked. A person with few likes trains alone."""
        likes = likes_in(table, {name: name for name in table.columns})
        splits, counts = [SPLITS[0]] * len(table), Counter(likes.users)
        met = Counter[str]()
        for place, user in zip(likes.places, likes.users, strict=True):
            met[user] += 1
            left, size = counts[user] - met[user], counts[user]
            tested, checked = (max(1, round(size * share)) for share in (options.test, options.validation))
            if size >= FEWEST_DIVIDED and left < min(tested + checked, size - 1):
                splits[place] = SPLITS[2] if left < min(tested, size - 2) else SPLITS[1]
        if set(splits) != set(SPLITS):
            return None
        told = (
            _("The last ones that each person liked are tested, those before them validate, the rest is learned.")
            if likes.timed
            else _("There is no time, so some that each person liked are tested, and others validate, at random.")
        )
        return pandas.Series(splits, index=table.index, dtype="str"), told


def _before(likes: Likes) -> Iterator[list[str]]:
    """For each like what the same person liked before it; the list is only lent."""
    found: dict[str, list[str]] = {}
    most = MOST_LETTERS // max(1, len(likes.users))
    for user, item in zip(likes.users, likes.items, strict=True):
        liked = found.setdefault(user, [])
        yield liked
        _add(liked, item, most)


def _add(liked: list[str], item: str, most: int) -> None:
    """Keep the last ones: `MOST_LIKED`, or what `most` letters hold, and one at least."""
    liked.append(item)
    while len(liked) > MOST_LIKED or (len(liked) > 1 and sum(map(len, liked)) > most):
        del liked[0]

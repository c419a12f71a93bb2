"""A value as it is written, which says something of the row and is not learned: who, how much, when."""

from collections.abc import Mapping

import pandas

from studio.data.fields.base import Field
from studio.data.profile import ColumnProfile
from studio.language import _


class Value(Field):
    name = "value"
    is_learned = False
    examples = ("first", "second", "first")
    missing = _("The value is missing.")

    def compared(self, cells: pandas.Series, contents: Mapping[str, str]) -> pandas.Series | None:
        return cells

    def fit(self, profile: ColumnProfile, stored: str) -> float:
        """Anything may be one, so its name decides."""
        return 0.0 if stored or profile.lists > 0.9 else 1.0

"""The columns that a run's model reads of a row, with some of what stands in them in its data."""

from collections.abc import Mapping, Sequence

from studio.data.importing import Imported
from studio.files import read_as
from studio.store import Run
from studio.tasks.tabular import SETTING

LOOKED_AT = 2000  # rows


def columns_read(run: Run) -> Mapping[str, Sequence[str]]:
    """Column -> cells that are not empty; none where the data is gone."""
    names = read_as(run.model / "config.json", lambda config: config.get(SETTING)) or []
    imported = Imported.open(run.home.datasets / run.dataset) if names and run.dataset else None
    if imported is None:
        return {name: [] for name in names}
    page = imported.page(0, LOOKED_AT)
    return {name: page[name].dropna().tolist() if name in page else [] for name in names}

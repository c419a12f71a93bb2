"""What the rows that are used hold, at a glance: the overview of the first target that has one."""

from studio.app.cells import CELLS
from studio.app.cells.base import Overview
from studio.data.assembly import Assembled
from studio.language import _, plural
from studio.tasks.base import Task


def overview_of(task: Task, assembled: Assembled) -> Overview:
    """The classes, the spread of the numbers, ...; the number of rows where no target has anything to count."""
    used = set(assembled.columns)
    found = (CELLS[column.kind].overview(column, assembled) for column in task.targets if column.name in used)
    sentence = plural("{n:,} example is used.", "{n:,} examples are used.", sum(assembled.rows.values()))
    return next(filter(None, found), Overview(_("Examples"), sentence, ""))

"""What the Test page asks about one field: the widget in which a person gives its value, and the cell it becomes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from gradio.blocks import Block

from studio.data.columns import Column
from studio.data.importing import Imported
from studio.errors import StudioError
from studio.language import _
from studio.store import Run


class Input:
    """The contract. name: the field's. label: of the widget where a task has one input alone.

    what_to_do: where nothing was given. many: what brings many of them at once.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    many: ClassVar[str] = _("A table with a row for each")
    what_to_do: ClassVar[str]

    def widget(self, elem_id: str) -> Block:
        """Hidden until a run of a task with such an input is chosen."""
        raise NotImplementedError

    def asks(self, widget: Any) -> Sequence[Any]:
        """Listeners of the widget that ask the model at once, such as Enter in a field of one line."""
        return ()

    def cell(self, value: Any) -> str:
        """What the widget holds, as a cell; "" where it holds nothing."""
        return str(value or "").strip()

    def shown(self, cell: str) -> Any:
        """What the widget holds for a cell of an example."""
        return cell

    def offered(self, run: Run | None) -> Mapping[str, Any]:
        """More about the widget that depends on the run that is asked: what there is to choose from."""
        return {}

    def update(self, run: Run | None, cell: str | None) -> Mapping[str, Any]:
        """What an update of the widget says; without a cell, what it holds stays."""
        return {**self.offered(run), **({} if cell is None else {"value": self.shown(cell)})}

    def of_example(self, cell: str, imported: Imported | None) -> str:
        """The value that shows an example's cell. Raises StudioError where its file is gone."""
        return cell


class FileInput(Input):
    """A file: on its own it is a path, in an example a name among the imported files."""

    def of_example(self, cell: str, imported: Imported | None) -> str:
        path = imported.files / cell if imported and imported.files else Path(cell)
        if not path.is_file():
            raise StudioError(
                _("'{cell}' is no longer there.", cell=cell), _("The imported data was removed."), self.what_to_do
            )
        return str(path)


def title_of(column: Column, entry: Input, alone: bool) -> str:
    """What stands over the widget."""
    return entry.label if alone else column.title

"""Messages: who said what, one below the other."""

from studio.app.cells.base import Cells
from studio.data.fields.messages import UnreadableError, as_transcript, read_messages
from studio.data.importing import Imported
from studio.language import _


class MessagesCells(Cells):
    name = "messages"
    invitations = {
        "": _("A table with a question and its answer in each row, or conversations as JSONL (OpenAI, ShareGPT).")
    }

    def drawn(self, cell: str, imported: Imported | None) -> str:
        try:
            return as_transcript(read_messages(cell))
        except UnreadableError:
            return cell

    def short(self, cell: str) -> str:
        return self.drawn(cell, None)

"""What browsers send as files: refused before it begins where there is no room for it, on the disk or in a guest's
workspace, and kept in a folder of whoever sends it, where it counts as theirs from its first byte."""

import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from unicodedata import category

from gradio.route_utils import MultiPartException, upload_fn
from gradio.routes import file_upload_statuses
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message

from components.isolates import TURNING
from components.words import spoken
from studio.app.access.person import current_person
from studio.app.access.requests import UPLOADS, TooLargeError
from studio.app.promised import Promised
from studio.language import _

MEGABYTE = 1024 * 1024
SPARE = 1024 * MEGABYTE  # bytes that stay free for the runs
UNSEEN = {*TURNING, "\u061c", "\u200e"}  # and the other marks of a direction
AROUND = 64 * 1024  # bytes of a form around its files


class Uploads:
    """room: how many bytes the person who asks may bring now. folder: where theirs go. most_bytes: of one file.
    sent: the files that Gradio removes in time. promised: room that is taken already."""

    def __init__(
        self,
        room: Callable[[], int],
        folder: Callable[[], Path],
        most_bytes: int,
        sent: set[str | Path],
        promised: Promised,
    ) -> None:
        self._room, self._folder, self._most_bytes, self._sent = room, folder, most_bytes, sent
        self._promised = promised

    @property
    def route(self) -> Route:
        """It stands before Gradio's own, which keeps the files of everybody in one folder."""
        return Route(UPLOADS, self.receive, methods=["POST"])

    async def receive(self, request: Request) -> Response:
        announced, whose = request.headers.get("content-length", ""), current_person().workspace
        if not announced.isdigit():
            return refusal(_("An upload has to say how large it is."), 411)
        if "transfer-encoding" in request.headers:  # its parts say their lengths, whatever was announced
            return refusal(_("An upload has to say how large it is once, not twice."), 400)
        to_come = int(announced)
        left = self._promised.take(whose, lambda: self._room() + AROUND, to_come)
        if to_come > left:
            words = _(
                "There is room for {room:,} MB, and this would take {needed:,} MB.",
                room=max(0, left - AROUND) // MEGABYTE,
                needed=to_come // MEGABYTE,
            )
            return refusal(words, 413)
        came = 0

        async def counted() -> Message:
            nonlocal to_come, came
            to_come -= came  # what came last is in the folder by now, which is measured
            self._promised.give_back(whose, came)
            message = await request.receive()
            came = len(message.get("body", b""))
            if came > to_come:
                came = 0
                raise TooLargeError
            return message

        try:
            return await self._keep(Request(request.scope, counted))
        finally:
            self._promised.give_back(whose, to_come)

    async def _keep(self, request: Request) -> Response:
        """The paths of the files, each upload in a folder of its own; of one that fails nothing stays."""
        folder, upload = self._folder() / secrets.token_hex(8), request.query_params.get("upload_id")
        progress = file_upload_statuses if upload else None
        complete = False
        try:
            files, *_others = await upload_fn(request, folder, self._most_bytes, upload, upload_progress=progress)
            complete = True
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        except MultiPartException as error:
            return refusal(error.message, 413 if "maximum allowed size" in error.message else 400)
        except TooLargeError:
            return refusal(_("More data arrived than was announced."), 413)
        except (AttributeError, TypeError) as error:
            if not is_about_no_file(error):
                raise
            return refusal(_("An upload brings files alone."), 400)
        finally:
            if not complete:
                shutil.rmtree(folder, ignore_errors=True)
        files = [under_harmless_name(Path(file)) for file in files]
        self._sent.update(files)
        return JSONResponse([str(file) for file in files])


def under_harmless_name(file: Path) -> Path:
    """The file without signs in its name that cannot be seen, or turn round the words that stand behind it: pages,
    lists and charts show the name among words of their own."""
    name = "".join(letter for letter in file.name if category(letter) != "Cc" and letter not in UNSEEN)
    return file.rename(file.with_name(name or "upload")) if name != file.name else file


def is_about_no_file(error: AttributeError | TypeError) -> bool:
    """Whether Gradio stumbled over a field of a form that is no file, while it came or afterwards."""
    if isinstance(error, AttributeError):
        return error.name == "filename" and error.obj is None
    return str(error) == "File is not an instance of GradioUploadFile"


def refusal(words: str, status: int) -> Response:
    return PlainTextResponse(f"{spoken(words)}\n", status)

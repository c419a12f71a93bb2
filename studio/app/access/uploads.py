"""Uploads are refused before they begin where there is no room for them: on the disk, or in a guest's workspace."""

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from studio.app.access.requests import UPLOADS, path_below, refuse

MEGABYTE = 1024 * 1024
SPARE = 1024 * MEGABYTE  # bytes that stay free for the runs
AROUND = 64 * 1024  # bytes of a form around its files


class BoundedUploads:
    """room: how many bytes the person who asks may bring now."""

    def __init__(self, app: ASGIApp, room: Callable[[], int]) -> None:
        self.app, self.room = app, room

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or not path_below(scope).startswith(UPLOADS):
            await self.app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        room = self.room()
        if not announced.isdigit():
            await refuse(scope, receive, send, "An upload has to say how large it is.", 411)
        elif int(announced) > room + AROUND:
            have, takes = max(0, room) // MEGABYTE, int(announced) // MEGABYTE
            words = f"There is room for {have:,} MB, and this would take {takes:,} MB."
            await refuse(scope, receive, send, words, 413)
        else:
            await self.app(scope, receive, send)

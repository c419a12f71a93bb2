"""What reaches Gradio: the routes that our page needs, and nothing of another person's.

Gradio knows the events, answers and uploads under way by marks that a browser or it made up, and serves them to whoever
names one. Here a mark belongs to the person who named it first.
"""

import json
from collections import OrderedDict
from collections.abc import Callable, Container, Iterator
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studio.app.access.files import may_fetch
from studio.app.access.person import current_person
from studio.app.access.requests import path_below, refuse
from studio.app.forged import FORGED
from studio.language import _
from studio.paths import Home

API = "/gradio_api/"
HEARTBEAT = "heartbeat/"
COMPONENT = "component_server"
EVENTS = ("run/predict", "queue/join")
NEEDED = (
    *EVENTS,
    "queue/data",
    COMPONENT,
    "upload",
    "upload_progress",
    "cancel",
    "reset",
    "app_id",
)
NEEDED_BELOW = (HEARTBEAT, "file=")
DESCRIPTIONS = ("/openapi.json", "/monitoring")  # of Gradio, outside its API
REMEMBERED = 10_000  # marks


class ForGradio:
    """session_of: the session of an event that waits or is at work. components, functions: the parts of the page, and
    what its events call, by number."""

    def __init__(
        self,
        app: ASGIApp,
        session_of: Callable[[str], str | None],
        components: Container[int],
        functions: Container[int],
        home: Home,
    ) -> None:
        self.app, self.session_of, self.components, self.functions = app, session_of, components, functions
        self.home = home
        self._owners: OrderedDict[tuple[str, str], str] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = path_below(scope) if scope["type"] == "http" else ""
        if path.startswith(DESCRIPTIONS) or (path.startswith(API) and not is_needed(path.removeprefix(API))):
            await refuse(scope, receive, send, "The page needs nothing here.", 404)
            return
        if not path.startswith(API):
            await self.app(scope, receive, send)
            return
        request, route = Request(scope, receive), path.removeprefix(API).rstrip("/")
        body, again = await json_of(request) if brings_json(request, route) else ({}, receive)
        wrong, status = self._wrong(request, route, body)
        if wrong:
            await refuse(scope, again, send, wrong, status)
            return
        await self.app(scope, again, as_refusal(send) if route == "run/predict" else send)

    def _wrong(self, request: Request, route: str, body: Any) -> tuple[str, int]:
        """Why the request goes no further, and the status that says so."""
        if not isinstance(body, dict):
            return _("This holds no JSON object."), 400
        if not all(may_fetch(current_person(), path, self.home) for path in files_in(body)):
            return _("A file is named here that you have not sent. Upload it."), 400
        if route == COMPONENT and not is_one_of(body.get("component_id"), self.components):
            return _("The page has no such part. Load it again."), 404
        session, event = body.get("session_hash"), body.get("event_id")
        marks = {
            "session_hash": [session, request.query_params.get("session_hash"), *after(route, HEARTBEAT)],
            "upload_id": [request.query_params.get("upload_id")],
        }
        if any(not self._is_theirs(kind, mark) for kind, named in marks.items() for mark in named if mark is not None):
            return _("This belongs to another page."), 403
        if isinstance(event, str) and self.session_of(event) not in (None, session):
            return _("This event belongs to another page."), 403
        if route in EVENTS and not is_one_of(body.get("fn_index"), self.functions):
            return FORGED, 422
        return "", 200

    def _is_theirs(self, kind: str, mark: Any) -> bool:
        person = current_person()
        asking = person.session or person.workspace
        owner = self._owners.setdefault((kind, str(mark)), asking)
        self._owners.move_to_end((kind, str(mark)))
        while len(self._owners) > REMEMBERED:
            self._owners.popitem(last=False)
        return owner == asking


def as_refusal(send: Send) -> Send:
    """Gradio answers everything that goes wrong as a mistake of the server; a forged value is none."""
    begin: Message = {}

    async def sent(message: Message) -> None:
        nonlocal begin
        if message["type"] == "http.response.start" and message["status"] == 500:
            begin = message
            return
        if begin:
            await send({**begin, "status": 422 if FORGED.encode() in message.get("body", b"") else 500})
            begin = {}
        await send(message)

    return sent


def is_needed(route: str) -> bool:
    return route.rstrip("/") in NEEDED or route.startswith(NEEDED_BELOW)


def brings_json(request: Request, route: str) -> bool:
    return request.method == "POST" and route != "upload"


def is_one_of(number: Any, known: Container[int]) -> bool:
    return type(number) is int and number in known  # true is no number here


def files_in(body: Any) -> Iterator[str]:
    """The paths by which it names files. Pages name so what they have uploaded; where the path is an address, Gradio
    would fetch a file from there for any event: into memory, as large as it is, past every quota."""
    left = [body]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            path = each.get("path")
            if "meta" in each and isinstance(path, str):
                yield path
            left += each.values()
        elif isinstance(each, list):
            left += each


def after(route: str, beginning: str) -> list[str]:
    return [route.removeprefix(beginning)] if route.startswith(beginning) else []


async def json_of(request: Request) -> tuple[Any, Receive]:
    """What the body holds, None for what is no JSON; and the way to receive it once more."""
    body = await request.body()
    unread: list[Message] = [{"type": "http.request", "body": body}]

    async def again() -> Message:
        return unread.pop() if unread else await request.receive()

    try:
        return json.loads(body), again
    except (ValueError, RecursionError):
        return None, again

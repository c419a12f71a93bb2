"""Requests that are refused whoever sends them, and the headers that every answer carries (OWASP, HTTP headers)."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from components.words import spoken

READING = ("GET", "HEAD", "OPTIONS")
MOST_BYTES = 32 * 1024 * 1024  # of a request that is no upload; a page of our own sends far less
UPLOADS = "/gradio_api/upload"
HUB = "https://huggingface.co https://*.huggingface.co"
POLICY = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval'",  # Gradio's page and its components are made of both
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "worker-src": "'self' blob:",
    "connect-src": "'self' data: blob:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}


class TooLargeError(Exception):
    """More came in than a request may bring."""


class OwnRequests:
    """Refuses what another site's page sends in a person's name, and bodies larger than any of ours."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        changes = scope["type"] == "websocket" or scope["method"] not in READING
        if changes and comes_from_elsewhere(headers):
            await refuse(scope, receive, send, "This came from a page of another site.", 403)
            return
        if scope["type"] == "websocket" or path_below(scope).startswith(UPLOADS):
            await self.app(scope, receive, send)  # Gradio bounds each file of an upload
            return
        await self._bounded(headers, scope, receive, send)

    async def _bounded(self, headers: Headers, scope: Scope, receive: Receive, send: Send) -> None:
        words = f"A request may bring {MOST_BYTES // 1024**2} MB."
        announced = headers.get("content-length", "0")
        if not announced.isdigit() or int(announced) > MOST_BYTES:
            await refuse(scope, receive, send, words, 413)
            return
        came, began = 0, False

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > MOST_BYTES:
                raise TooLargeError
            return message

        async def noted(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            await self.app(scope, counted, noted)
        except TooLargeError:
            if not began:
                await refuse(scope, receive, send, words, 413)


def path_below(scope: Scope) -> str:
    """The path below the prefix under which a proxy serves the studio, where there is one."""
    return str(scope["path"]).removeprefix(scope.get("root_path") or "")


def comes_from_elsewhere(headers: Headers) -> bool:
    """Whether a browser says that a page of another site sends this. Programs say nothing, and are no browsers."""
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site", "none") not in ("same-origin", "none")
    ours = {headers.get("host"), headers.get("x-forwarded-host")} - {None}  # a page elsewhere can set neither
    return urlsplit(origin).netloc not in ours


async def refuse(scope: Scope, receive: Receive, send: Send, words: str, status: int) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
    else:
        await PlainTextResponse(f"{spoken(words)}\n", status)(scope, receive, send)


class SafeHeaders:
    """What a browser may do with our answers: load nothing from elsewhere, guess no types, show them in no foreign
    page, and let none read them. embedded: a Space lies inside a page of huggingface.co."""

    def __init__(self, app: ASGIApp, embedded: bool = False) -> None:
        self.app = app
        policy = {**POLICY, "frame-ancestors": f"'self' {HUB}" if embedded else "'self'"}
        self._headers = {
            "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
            "permissions-policy": "camera=(self), microphone=(self), geolocation=()",
            "cross-origin-resource-policy": "same-origin",
            **({} if embedded else {"x-frame-options": "SAMEORIGIN"}),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                # Gradio would let every page of this machine read, and ask with headers that only a proxy may set
                del headers["access-control-allow-origin"]
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)

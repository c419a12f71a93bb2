"""Serving the page: every route behind the login if there is one, files of our own, one port, a clean end."""

import base64
import binascii
import errno
import gc
import secrets
import socket
import sys
import threading
import webbrowser
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import gradio as gr
import gradio.blocks
import plotly
import uvicorn
from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from components.theme import css_paths, head, studio_theme
from studio.app.architectures import Architectures
from studio.app.draft_data import Datasets
from studio.app.drafts import Drafts
from studio.app.main import build_app
from studio.app.pages import Services
from studio.app.states import States
from studio.app.unseen import Unseen
from studio.data.limits import LIMIT_VARIABLE, limits_here
from studio.errors import StudioError
from studio.forked import ForkServer
from studio.hardware import probe
from studio.paths import HOME_VARIABLE, Home, assets
from studio.predictor import Predictor
from studio.processes import TRUST_VARIABLE
from studio.run_index import RunIndex
from studio.runner import Supervisor
from studio.server_settings import ServerSettings
from studio.store import Store

Scope = MutableMapping[str, Any]
STATIC = "studio-static"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
LOOK_FOR_WORK_SECONDS = 0.02


def make_services(settings: ServerSettings) -> Services:
    """Everything that the pages work with, nothing started yet."""
    home = Home.find(settings.home)
    store = Store(home)
    drafts = Drafts(home)
    forks = ForkServer(settings.warm_start)
    inherited = {
        HOME_VARIABLE: str(home.root),
        LIMIT_VARIABLE: str(settings.upload_megabytes),
        **({TRUST_VARIABLE: "1"} if settings.trust_remote_code else {}),
    }
    datasets = Datasets(store, drafts)
    return Services(
        settings=settings,
        home=home,
        store=store,
        index=RunIndex(store),
        supervisor=Supervisor(store, settings.concurrent_runs, inherited),
        forks=forks,
        predictor=Predictor(inherited),
        states=States(),
        drafts=drafts,
        datasets=datasets,
        architectures=Architectures(home, settings.trust_remote_code, forks),
        unseen=Unseen(home, settings.trust_remote_code, datasets),
        limits=limits_here().model_copy(update={"upload_megabytes": settings.upload_megabytes}),
        machine=probe(),
    )


def make_asgi(services: Services) -> FastAPI:
    """The whole server as one ASGI app: the page at /, our own files below /studio-static."""
    settings, home = services.settings, services.home

    @asynccontextmanager
    async def lifespan(_: FastAPI):  # type: ignore[no-untyped-def]
        services.supervisor.start()
        services.index.start()
        yield
        services.index.close()
        services.supervisor.close()
        services.predictor.close()
        services.forks.close()

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    scripts = Path(plotly.__file__).parent / "package_data"
    app.mount(f"/{STATIC}/plotly", StaticFiles(directory=scripts))
    app.mount(f"/{STATIC}/assets", StaticFiles(directory=assets()))
    if settings.auth:
        app.add_middleware(Login, credentials=settings.auth)
    if settings.host in LOOPBACK:
        # a page elsewhere that makes its name point here (DNS rebinding) is not answered
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]"])
    with mounted_only():
        page = build_app(services)
    # Gradio checks only of launched apps that a file which a browser names was really uploaded, and is not just
    # any file of this machine; a mounted one never counts as launched
    page.has_launched = True
    # Gradio looks a thousand times a second whether there is work, which keeps an idle machine awake
    page._queue.sleep_when_free = LOOK_FOR_WORK_SECONDS
    return gr.mount_gradio_app(
        app,
        page,
        path="/",
        server_name=settings.host,
        server_port=settings.port,
        theme=studio_theme(),
        css_paths=[*css_paths(), assets() / "css" / "app.css"],
        head=head(f"/{STATIC}/plotly/plotly.min.js", f"/{STATIC}/assets/fonts/"),
        favicon_path=str(assets() / "logo.svg"),
        allowed_paths=[str(home.datasets), str(home.downloads)],
        max_file_size=f"{settings.upload_megabytes}mb",
        footer_links=[],
        run_history=False,
        show_error=True,
        mcp_server=False,
        ssr_mode=False,
    )


@contextmanager
def mounted_only() -> Iterator[None]:
    """While a page is built: leave out the two servers that Gradio makes of it in case it is launched.

    Ours is mounted, for which a third one is made; without the others the page is served a twentieth sooner.
    """
    with patch.object(gradio.blocks.App, "create_app", lambda *_, **__: None):
        yield


class Login:
    """HTTP Basic authentication in front of every route, the page's own files included (RFC 7617)."""

    def __init__(self, app: Callable[..., Awaitable[None]], credentials: str) -> None:
        self.app = app
        self.credentials = credentials.encode()

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan" or self.may_enter(dict(scope["headers"]).get(b"authorization", b"")):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            headers = [(b"www-authenticate", b'Basic realm="Fine-Tuning Studio", charset="UTF-8"')]
            await send({"type": "http.response.start", "status": 401, "headers": headers})
            await send({"type": "http.response.body", "body": b"A user name and a password are needed.\n"})

    def may_enter(self, header: bytes) -> bool:
        kind, _, encoded = header.partition(b" ")
        try:
            given = base64.b64decode(encoded, validate=True) if kind.lower() == b"basic" else b""
        except binascii.Error:
            given = b""
        return secrets.compare_digest(given, self.credentials)


def serve(settings: ServerSettings) -> None:
    """Serve until Ctrl-C. Runs go on without the server."""
    with listen(settings.host, settings.port) as listener:
        port = listener.getsockname()[1]
        services = make_services(settings.model_copy(update={"port": port}))
        app = make_asgi(services)
        gc.freeze()
        gc.enable()  # `studio.commands.ui` switches it off to start sooner
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2))
        shown = "localhost" if settings.host in ("0.0.0.0", "::", *LOOPBACK) else settings.host
        address = f"http://{shown}:{port}"
        print(f"Fine-Tuning Studio is at {address}  (Ctrl-C ends it; training goes on)", flush=True)
        if settings.open_browser:
            threading.Timer(1.0, webbrowser.open, [address]).start()
        server.run(sockets=[listener])


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises StudioError when the port is taken or the address is not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    if sys.platform != "win32":  # there it would let two servers share the port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise StudioError(
                f"Port {port} cannot be used.",
                "Another program, perhaps another studio, has it already."
                if error.errno == errno.EADDRINUSE
                else "This account may not open it.",
                f"Start with another one, for example `studio --port {port + 1}`.",
            ) from error
        raise StudioError(
            f"The page cannot be served at {host}.", str(error), "Use --host 127.0.0.1, or an address of this machine."
        ) from error
    return listener

"""Serving the page: every route behind the gate, files of our own, one port, a clean end."""

import errno
import gc
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from unittest.mock import patch

import gradio as gr
import gradio.blocks
import plotly
import uvicorn
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles

from components.element import QuestionError
from components.theme import css_paths, head, logo, studio_theme
from components.words import spoken
from studio.app.access.accounts import accounts_of
from studio.app.access.cookies import Cookies
from studio.app.access.files import OwnFiles
from studio.app.access.for_gradio import ForGradio
from studio.app.access.gate import Door, Gate
from studio.app.access.hub_people import HubPeople
from studio.app.access.hugging_face import HuggingFace, provider_of
from studio.app.access.language import language_route
from studio.app.access.links import link_route
from studio.app.access.requests import OwnRequests, SafeHeaders
from studio.app.access.sessions import Sessions
from studio.app.access.sign_in import SignIn
from studio.app.access.uploads import SPARE, Uploads
from studio.app.architectures import Architectures
from studio.app.forged import FORGED
from studio.app.glossary_page import glossary_route
from studio.app.main import build_app
from studio.app.pages import Services
from studio.app.quotas import is_of_a_guest
from studio.app.speaking import InLanguage
from studio.app.states import States
from studio.app.sweeping import Sweeper
from studio.app.unseen import Unseen
from studio.app.workspaces import Workspaces
from studio.data.limits import limits_here
from studio.errors import StudioError
from studio.forked import ForkServer
from studio.hardware import free_disk_bytes, probe
from studio.language import _
from studio.paths import HOME_VARIABLE, Home, assets
from studio.predictor import Predictor
from studio.runner import Supervisor
from studio.server_settings import LOOPBACK, ServerSettings
from studio.sweeps.driver import go_on_with_interrupted

STATIC = "studio-static"
SPACE_VARIABLE = "SPACE_ID"  # set in every hosted Space, which is shown inside a page of huggingface.co
LOOK_FOR_WORK_SECONDS = 0.02


def make_services(settings: ServerSettings) -> Services:
    """Everything that the pages work with, nothing started yet."""
    home = Home.find(settings.home)
    workspaces = Workspaces(home)
    forks = ForkServer(settings.warm_start)
    inherited = {HOME_VARIABLE: str(home.root), **settings.environment}
    return Services(
        settings=settings,
        workspaces=workspaces,
        supervisor=Supervisor(
            workspaces.own.store,
            settings.concurrent_runs,
            inherited,
            workspaces.stores,
            seconds_for=lambda run: settings.guest_minutes * 60.0 if is_of_a_guest(run, settings.members) else None,
        ),
        forks=forks,
        predictor=Predictor({**inherited, "TMPDIR": str(home.temporary)}),  # what it unpacks is swept there
        states=States(),
        architectures=Architectures(home, settings.trust_remote_code, forks),
        unseen=Unseen(home, settings.trust_remote_code),
        server_limits=limits_here().model_copy(update={"upload_megabytes": settings.upload_megabytes}),
        machine=probe(),
        provider=provider_of(os.environ),
    )


def make_asgi(services: Services) -> FastAPI:
    """The whole server as one ASGI app: the page at /, our own files below /studio-static."""
    settings, home, provider = services.settings, services.workspaces.home, services.provider
    door = Door(
        accounts_of(settings),
        Sessions(home.sessions),
        Cookies(SPACE_VARIABLE in os.environ),
        settings.open_to_everyone,
        HubPeople(provider.owner, settings.members, home.hub_names) if provider else None,
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI):  # type: ignore[no-untyped-def]
        services.supervisor.start()
        services.workspaces.own.index.start()
        sweeper = Sweeper(home, settings.guest_days, settings.members)
        sweeper.start()
        for store in services.workspaces.stores():
            go_on_with_interrupted(store.home, settings.environment)
        yield
        sweeper.close()
        services.workspaces.close()
        services.supervisor.close()
        services.predictor.close()
        services.forks.close()

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    with mounted_only():
        page = build_app(services)
    scripts = Path(plotly.__file__).parent / "package_data"
    app.mount(f"/{STATIC}/plotly", StaticFiles(directory=scripts))
    app.mount(f"/{STATIC}/assets", StaticFiles(directory=assets()))
    app.router.routes += [
        *SignIn(door, logo(), HuggingFace(provider) if provider else None).routes,
        link_route(services.workspaces.open_link),
        language_route(door.cookies),
        glossary_route(logo()),
        Uploads(
            partial(room_for_uploads, services),
            lambda: services.home.sent,
            services.server_limits.upload_bytes,
            page.upload_file_set,
            services.workspaces.promised,
        ).route,
    ]
    app.add_middleware(InLanguage)  # the last one added is asked first
    app.add_middleware(OwnFiles, home=home)
    functions = {number for number, function in page.fns.items() if function.fn is not None}  # others are scripts
    parts = {"components": page.blocks, "functions": functions}
    app.add_middleware(ForGradio, session_of=partial(session_of, page), home=home, **parts)
    app.add_middleware(Gate, door=door)
    app.add_middleware(OwnRequests)
    app.add_middleware(SafeHeaders, embedded=door.cookies.embedded)
    if settings.host in LOOPBACK:
        # a page elsewhere that makes its name point here (DNS rebinding) is not answered
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]"])
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
        allowed_paths=[str(home.datasets), str(home.downloads), str(home.people)],  # see OwnFiles
        max_file_size=f"{settings.upload_megabytes}mb",
        footer_links=[],
        run_history=False,
        show_error=True,
        mcp_server=False,
        ssr_mode=False,
        app_kwargs={
            "exception_handlers": {StudioError: in_words, QuestionError: in_words, RequestValidationError: not_ours}
        },
    )


def session_of(page: gr.Blocks, event: str) -> str | None:
    """The session of an event that waits in Gradio's queue or is at work."""
    found = page._queue.event_ids_to_events.get(event)
    return found.session_hash if found else None


async def in_words(_request: Request, error: Exception) -> Response:
    """A component was asked for what cannot be answered."""
    return PlainTextResponse(f"{spoken(str(error))}\n", 422)


async def not_ours(_request: Request, _error: Exception) -> Response:
    """What came has not the shape of anything that the page sends."""
    return PlainTextResponse(f"{spoken(FORGED)}\n", 422)


def room_for_uploads(services: Services) -> int:
    """Bytes that the person who asks may bring now: what the disk has, and what a guest may still use."""
    free = free_disk_bytes(services.workspaces.home.root) - SPARE
    return min(free, services.quota.bytes_left(services.home)) if services.quota else free


@contextmanager
def mounted_only() -> Iterator[None]:
    """While a page is built: leave out the two servers that Gradio makes of it in case it is launched.

    Ours is mounted, for which a third one is made; without the others the page is served a twentieth sooner.
    """
    with patch.object(gradio.blocks.App, "create_app", lambda *_given, **_named: None):
        yield


def serve(settings: ServerSettings) -> None:
    """Serve until Ctrl-C. Runs go on without the server."""
    refuse_open_door(settings)
    os.environ["GRADIO_TEMP_DIR"] = str(Home.find(settings.home).temporary)  # uploads never leave the home
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


def refuse_open_door(settings: ServerSettings) -> None:
    """Raises StudioError where the whole network could come in, and nobody said that it may."""
    if settings.host in LOOPBACK or settings.auth or settings.users or settings.open_to_everyone:
        return
    if provider_of(os.environ):  # who comes in has to sign in there
        return
    raise StudioError(
        _("Everybody who reaches {host} could use this studio.", host=settings.host),
        _("The page would be open to the whole network, and no account protects it."),
        _(
            "Add --auth NAME:PASSWORD, or --users FILE; or say --open-to-everyone: then whoever reaches the page "
            "may upload data and train on this machine, each as a guest who sees only what is theirs."
        ),
    )


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
                _("Port {port} cannot be used.", port=port),
                _("Another program, perhaps another studio, has it already.")
                if error.errno == errno.EADDRINUSE
                else _("This account may not open it."),
                _("Start with another one, for example `studio --port {port}`.", port=port + 1),
            ) from error
        raise StudioError(
            _("The page cannot be served at {host}.", host=host),
            str(error),
            _("Use --host 127.0.0.1, or an address of this machine."),
        ) from error
    return listener

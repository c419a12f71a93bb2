"""Which files of the studio's home a person may fetch: those of their own data, the images of the examples that others
show them with a run, and their own downloads."""

from pathlib import Path

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from studio.app.access.person import Person, current_person
from studio.app.access.requests import path_below
from studio.app.results import files_of_examples
from studio.app.sharing import shared_with
from studio.paths import PEOPLE, Home

FILE_ROUTES = tuple(f"{prefix}/file{sign}" for prefix in ("/gradio_api", "") for sign in "=/")
DATASETS, DOWNLOADS = "datasets", "downloads"  # the folders of a home that are served


class OwnFiles:
    """Gradio serves every file below the folders that it is told of, to anybody; this stands before it."""

    def __init__(self, app: ASGIApp, home: Home) -> None:
        self.app, self.home = app, home

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = path_below(scope)
            asked = next((path.removeprefix(route) for route in FILE_ROUTES if path.startswith(route)), None)
            if asked is not None and not may_fetch(current_person(), asked, self.home):
                await PlainTextResponse("There is no such file.\n", 404)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def may_fetch(person: Person, asked: str, home: Home) -> bool:
    """asked: a path, absolute or not. What lies outside the studio's home, or what Gradio made of what browsers have
    sent, is up to Gradio: its addresses hold a hash of the content."""
    if "://" in asked:  # Gradio would fetch it from there, as large as it is
        return False
    try:
        path = Path(asked).resolve()
    except (OSError, ValueError):  # a NUL in it, say
        return False
    root, everybody_s = home.root.resolve(), home.temporary.resolve() / PEOPLE
    if path.is_relative_to(everybody_s):
        return person.is_admin or path.is_relative_to(everybody_s / person.workspace)
    if not path.is_relative_to(root) or path.is_relative_to(root / home.temporary.name):
        return True
    owner, below = "", path.relative_to(root).parts
    if below[:1] == (PEOPLE,):
        owner, below = below[1] if len(below) > 1 else "", below[2:]
    if len(below) < 2 or below[0] not in (DATASETS, DOWNLOADS):
        return False
    is_theirs = owner == person.workspace or person.is_admin
    return is_theirs or (below[0] == DATASETS and is_shown(home, person.workspace, owner, below[1], Path(*below[2:])))


def is_shown(home: Home, workspace: str, owner: str, dataset: str, file: Path) -> bool:
    """Whether the file of this data set belongs to an example of a run that its owner shows to the person of the
    workspace."""
    theirs, owners = (home.of_person(name) if name else home for name in (workspace, owner))
    runs = (run for run in shared_with(theirs) if run.home == owners and run.dataset == dataset)
    return any(file in files_of_examples(run) for run in runs)

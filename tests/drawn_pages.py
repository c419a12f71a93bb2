"""Every page as a browser that loads it gets it, drawn without a server."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr
import pytest

from components.stepper import Stepper
from components.way_on import WayOn
from studio import model_reader
from studio.app.drafts import Draft
from studio.app.main import BUILDERS, Shell, built
from studio.app.pages import Services
from studio.app.server import make_services, mounted_only
from studio.models import local, speed
from studio.models.architecture import Architecture
from studio.models.structure import find_structure
from studio.paths import Home
from studio.predictor import Predictor
from studio.server_settings import ServerSettings


@contextmanager
def services_of(home: Home) -> Iterator[Services]:
    """What a server of this home works with, with no process started."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIO_HOME", str(home.root))
        patch.setattr(Predictor, "warm_up", lambda self, run=None: None)
        made = make_services(ServerSettings(home=str(home.root), warm_start=False, open_browser=False))
        yield made
    made.predictor.close()
    made.supervisor.close()
    made.index.close()


def shell_of(services: Services, hides_failures: bool = True) -> Shell:
    """The pages and what is around them, not served; `hides_failures` as the app does, by saying so on the page."""
    with mounted_only(), gr.Blocks():
        pages = [built(build, services) if hides_failures else build(services) for build in BUILDERS]
        return Shell(services, pages, gr.BrowserState(None), Stepper(), gr.HTML(), gr.Tabs(), WayOn())


def reading_quickly(patch: pytest.MonkeyPatch, model: str) -> None:
    """Reading a model takes a process and seconds, and measuring the machine a quarter of one."""
    info = local.describe(model)
    shapes = {name: tensor.shape for name, tensor in info.tensors.items()}
    structure = find_structure(shapes, [name for name in shapes if name.startswith("classifier.")])
    known = Architecture(structure, "BertForSequenceClassification", "float32", 2, {}, True, info.config)
    patch.setattr(model_reader, "_ask", lambda request: known)
    patch.setattr(model_reader, "_build", lambda request: known)
    patch.setattr(speed, "measure", lambda cores: speed.Speed(1e11, 1e10, rough=False))


def opened(services: Services, shell: Shell, draft: Draft, page: str) -> tuple[dict[str, Any], str, list[Any]]:
    """The stepper, what is said in place of the page, and the page's updates."""
    services.drafts.save(draft.change(page=page))
    _, steps, _, _, _, *updates = shell._load(draft.id)
    before = sum(len(shell.pages[key].outputs) for key in list(shell.pages)[: list(shell.pages).index(page)])
    shown = updates[before : before + len(shell.pages[page].outputs)]
    return steps, shown[0]["value"], shown

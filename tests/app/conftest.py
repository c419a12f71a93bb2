"""Services without a server, drafts that have come to some page, and imported data."""

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from drawn_pages import services_of, shell_of
from jobs_here import JobHere

from studio.app import imports
from studio.app.drafts import Draft
from studio.app.imports import import_upload
from studio.app.main import Shell
from studio.app.pages import Services
from studio.paths import Home


@pytest.fixture
def services(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """With no process started: data is read here, and drawing the Test page warms none up."""
    monkeypatch.setattr(imports, "Job", JobHere)
    with services_of(home) as made:
        yield made


@pytest.fixture
def shell(services: Services) -> Shell:
    return shell_of(services, hides_failures=False)


def finish(work: Generator[Any, None, Draft]) -> Draft:
    """Run a change that tells its progress to its end."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            draft: Draft = end.value
            return draft


@pytest.fixture
def upload(services: Services, tmp_path: Path) -> Callable[[Draft, Path], Draft]:
    """Bring a file as the browser does: a temporary copy of it."""

    def bring(draft: Draft, file: Path) -> Draft:
        folder = tmp_path / "temporary"
        folder.mkdir(exist_ok=True)
        copy = folder / file.name
        copy.write_bytes(file.read_bytes())
        services.drafts.save(draft)
        return services.drafts.save(finish(import_upload(services, draft, str(copy))))

    return bring


@pytest.fixture
def text_draft(services: Services, upload: Callable[[Draft, Path], Draft], reviews: Path, text_model: Path) -> Draft:
    """Model and data of the tiny text example are chosen."""
    from studio.app.tabs.model import choose_folder, choose_task

    draft = choose_task(services, services.drafts.load(None), {"key": "text-classification"})
    return upload(choose_folder(services, draft, str(text_model)), reviews)


@pytest.fixture
def image_draft(services: Services, upload: Callable[[Draft, Path], Draft], images: Path, image_model: Path) -> Draft:
    from studio.app.tabs.model import choose_folder, choose_task

    draft = choose_task(services, services.drafts.load(None), {"key": "image-classification"})
    return upload(choose_folder(services, draft, str(image_model)), images)

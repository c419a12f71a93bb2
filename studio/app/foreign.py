"""What a run may name: whoever does not run the server names what they brought, samples, starters and the Hub alone."""

from pathlib import Path

from studio.app.access.person import current_person
from studio.config import RunConfig
from studio.data.sources import HUB, SAMPLE
from studio.errors import StudioError
from studio.language import _
from studio.models.sources import local_folder, looks_like_path
from studio.paths import Home


def is_foreign_model(model_id: str) -> bool:
    """Whether it is a folder of the machine, and not for the person who asks: who only visits learns of none whether
    it is there."""
    return not current_person().is_admin and (looks_like_path(model_id) or local_folder(model_id) is not None)


def check_named(config: RunConfig, home: Home) -> None:
    """Raises StudioError where a run of this home would read what is not the person's: whoever wrote its choices."""
    if is_foreign_model(config.model.id):
        raise foreign_folder()
    data, brought = config.data, home.root.resolve()
    named = [name for name in (data.source, data.files) if name and not name.startswith((SAMPLE, HUB))]
    if not current_person().is_admin and not all(Path(name).resolve().is_relative_to(brought) for name in named):
        raise StudioError(
            _("This data cannot be used here."),
            _("It is not among the files that you uploaded."),
            _("Upload them."),
        )


def foreign_folder() -> StudioError:
    return StudioError(
        _("Folders of this machine cannot be used here."),
        _("They belong to whoever runs the studio."),
        _("Choose a model from the list, or one from the Hub."),
    )

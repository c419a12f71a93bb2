"""Which of the guided demos can be shown with what is installed: a model may come with a package of its own."""

from importlib.metadata import PackageNotFoundError, distribution

import pytest

from studio.app.demo_list import Demo
from studio.models.starters import PREFIX, STARTERS


def installed(demo: Demo) -> pytest.MarkDecorator:
    """Skips where the demo's model is not installed."""
    package = STARTERS[demo.model.removeprefix(PREFIX)].package
    return pytest.mark.skipif(not is_installed(package), reason=f"{package} is not installed")


def is_installed(package: str) -> bool:
    try:
        return not package or bool(distribution(package))
    except PackageNotFoundError:
        return False

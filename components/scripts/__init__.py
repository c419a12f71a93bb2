"""The browser side of the components: one script a component, and what they share."""

from pathlib import Path

FOLDER = Path(__file__).parent


def script(*names: str) -> str:
    """The text for `js_on_load`: the shared runtime, then the named scripts, as one function body."""
    return "\n".join((FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in ("runtime", *names))

"""Files and folders as a tree: what lies in an archive."""

from collections.abc import Sequence
from typing import Any

from components.icons import icon
from components.words import escape

IMAGES = (".png", ".jpg", ".jpeg", ".webp")


def file_tree(name: str, paths: Sequence[str], more: str = "") -> str:
    """name: of the archive. paths: relative, with `/`. more: what stands below the files of each folder, such as
    "and more images"."""
    root: dict[str, Any] = {}
    for path in paths:
        folder = root
        for part in path.split("/"):
            folder = folder.setdefault(part, {})
    return f'<ul class="ui-tree"><li>{icon("archive")}<span>{escape(name)}</span>{_branch(root, more)}</li></ul>'


def _branch(entries: dict[str, Any], more: str) -> str:
    lines = [_line(name, below, more) for name, below in entries.items()]
    if more and any(name.endswith(IMAGES) for name in entries):
        lines.append(f'<li class="ui-tree-more"><span>{escape(more)}</span></li>')
    return f"<ul>{''.join(lines)}</ul>"


def _line(name: str, below: dict[str, Any], more: str) -> str:
    drawing = "folder" if below else "image" if name.endswith(IMAGES) else "table"
    branch = _branch(below, more) if below else ""
    return f"<li>{icon(drawing)}<span>{escape(name)}</span>{branch}</li>"

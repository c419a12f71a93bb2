"""The browser side of the components: one script a component, and what they share."""

import json
import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
SAYING = re.compile(r"""\b(?:say|plural)\(\s*("(?:[^"\\]|\\.)+")""")


def script(*names: str) -> str:
    """The text for `js_on_load`: the shared runtime, then the named scripts, as one function body."""
    return "\n".join((FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in ("runtime", *names))


@cache
def words_of_scripts() -> tuple[str, ...]:
    """The sentences that scripts say: by these the page holds their translations."""
    texts = (file.read_text(encoding="utf-8") for file in sorted(FOLDER.glob("*.js")))
    return tuple(dict.fromkeys(json.loads(quoted) for text in texts for quoted in SAYING.findall(text)))

"""The glossary as a page of its own, with an anchor for each term: /glossary#epoch."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from components.words import escape, language, spoken
from studio.app.glossary import GLOSSARY, TERMS
from studio.language import _

TITLE, SENTENCE = _("Glossary"), _("The words of the field that the studio uses, each in a sentence or two.")


def glossary_route(logo: str) -> Route:
    async def show(request: Request) -> Response:
        prefix = escape(request.scope.get("root_path") or "")
        return HTMLResponse(page(prefix, logo))

    return Route(GLOSSARY, show, methods=["GET"])


def page(prefix: str, logo: str) -> str:
    """All terms in the order of the reader's alphabet, as HTML."""
    known = sorted(TERMS, key=lambda term: str(spoken(term.word)).casefold())
    entries = "\n".join(
        f'<div id="{term.name}"><dt><a href="#{term.name}">{escape(term.word)}</a></dt>'
        f"<dd>{escape(term.sentence)}</dd></div>"
        for term in known
    )
    words = {"title": escape(TITLE), "sentence": escape(SENTENCE), "back": escape(_("Back to the studio"))}
    return PAGE.format(language=language(), prefix=prefix, logo=logo, entries=entries, **words)


PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · Fine-Tuning Studio</title>
<link rel="icon" href="{prefix}/studio-static/assets/logo.svg">
<link rel="stylesheet" href="{prefix}/studio-static/assets/css/glossary.css">
<script>
try {{ document.documentElement.dataset.scheme = localStorage.getItem("color-scheme") || ""; }} catch {{ }}
</script>
</head>
<body>
<main>
<p class="brand"><a href="{prefix}/">{logo}<span>Fine-Tuning Studio</span></a></p>
<h1>{title}</h1>
<p class="quiet">{sentence}</p>
<dl>
{entries}
</dl>
<p><a href="{prefix}/">{back}</a></p>
</main>
</body>
</html>
"""

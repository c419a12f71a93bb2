"""How far something is: the one bar for all that takes longer than a moment, with its sentence and the time left."""

from typing import Any

from components.element import Element
from components.scripts import script
from components.words import _, escape, escape_sentence


def progress_html(sentence: str, done: int = 0, total: int = 0) -> str:
    """The bar as HTML text. Without a total nobody knows how far it is, and it only says what is going on."""
    share = min(1.0, max(0.0, done / total)) if total else None
    detail = escape(_("{done:,} of {total:,}", done=done, total=total)) if total else ""
    known = "" if share is None else f' aria-valuenow="{100 * share:.0f}" style="--share: {share:.4f}"'
    title = _("Progress")
    unknown = " ui-progress-unknown" if share is None else ""
    return (
        f'<div class="ui-progress-box" data-done="{done}" data-total="{total}"><div class="ui-progress-words">'
        f'<span class="ui-progress-sentence" role="status">{escape_sentence(sentence)}</span>'
        f'<span class="ui-progress-detail">{detail}</span></div>'
        f'<div class="ui-progress{unknown}" role="progressbar" aria-label="{escape(title)}" aria-valuemin="0" '
        f'aria-valuemax="100"{known}><div class="ui-progress-fill"></div></div></div>'
    )


class Progress(Element):
    """A place for `progress_html`. A newer one changes the bar that is there, so that it glides and screen readers hear
    only what is new; the time left is the pace of the same sentence so far. What stands behind it in the
    value is shown below. "" shows nothing."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(
            html_template='<div class="ui-progress-place"></div>',
            js_on_load=script("progress_box", "progress"),
            apply_default_css=False,
            **settings,
        )

"""A recording as HTML text: a drawing of its loudness over time, and the browser's own player."""

from components.words import escape


def sound_html(src: str, name: str, wave: str = "") -> str:
    """src: its address; its name alone is shown where that is "". wave: the address of the drawing."""
    if not src:
        return f'<span class="ui-sound">{escape(name)}</span>'
    drawing = f'<span class="ui-sound-wave" style="background-image: url(\'{escape(wave)}\')"></span>' if wave else ""
    player = f'<audio controls preload="none" src="{escape(src)}" aria-label="{escape(name)}"></audio>'
    return f'<span class="ui-sound">{drawing}{player}</span>'

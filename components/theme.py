"""How everything looks: Gradio's tokens in our colours, the style sheets, and what goes into the page's head."""

import base64
from collections.abc import Sequence
from functools import cache
from html import escape
from pathlib import Path

import gradio as gr

FONT = "Inter"
FALLBACKS = (
    "ui-sans-serif",
    "system-ui",
    "-apple-system",
    "Segoe UI",
    "Roboto",
    "Helvetica Neue",
    "Arial",
    "sans-serif",
)
STYLES = (
    "tokens",
    "base",
    "stepper",
    "cards",
    "notices",
    "tables",
    "choice_table",
    "split",
    "layers",
    "way_on",
    "run_queue",
    "sweeps",
    "code_text",
    "charts",
    "progress",
    "figures",
    "examples",
    "forms",
    "terms",
    "guide",
    "undo",
    "projects",
    "results",
    "bringing",
    "lightbox",
    "forced_colors",
)
SUBSETS: dict[str, str] = {
    "latin": "U+0000-00FF,U+0131,U+0152-0153,U+02BB-02BC,U+02C6,U+02DA,U+02DC,U+0304,U+0308,U+0329,U+2000-206F,"
    "U+20AC,U+2122,U+2191,U+2193,U+2212,U+2215,U+FEFF,U+FFFD",
    "latin-ext": "U+0100-02BA,U+02BD-02C5,U+02C7-02CC,U+02CE-02D7,U+02DD-02FF,U+1D00-1DBF,U+1E00-1E9F,U+1EF2-1EFF,"
    "U+2020,U+20A0-20AB,U+20AD-20C0,U+2113,U+2C60-2C7F,U+A720-A7FF",
    "cyrillic": "U+0301,U+0400-045F,U+0490-0491,U+04B0-04B1,U+2116",
    "greek": "U+0370-0377,U+037A-037F,U+0384-038A,U+038C,U+038E-03A1,U+03A3-03FF",
}


def assets_folder() -> Path:
    """Where fonts and styles lie: beside the packages in a checkout, inside the installed package otherwise."""
    top = Path(__file__).resolve().parent.parent
    return top / "assets" if (top / "assets" / "css").is_dir() else top / "studio" / "_assets"


def css_paths() -> list[Path]:
    """The style sheets, for `launch(css_paths=)`."""
    return [assets_folder() / "css" / f"{name}.css" for name in STYLES]


def logo() -> str:
    """The mark of the brand as SVG markup."""
    return (assets_folder() / "logo.svg").read_text(encoding="utf-8")


@cache
def picture(name: str) -> str:
    """A drawing in assets/pictures as SVG markup, in the colours of the page around it."""
    return (assets_folder() / "pictures" / f"{name}.svg").read_text(encoding="utf-8")


def head(plotly_url: str, font_url: str | None = None) -> str:
    """What the page loads before anything is drawn: the font, the colour scheme. plotly.js comes with the first chart.

    plotly_url: where the server serves plotly.min.js.
    font_url: where it serves assets/fonts, ending in a slash. Without it the Latin font travels inside the page.
    """
    script = (Path(__file__).parent / "scripts" / "color_scheme.js").read_text(encoding="utf-8")
    return (
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<style>{_font_faces(font_url)}</style>\n"
        f"<script>{script}</script>\n"
        f'<link id="plotly-source" rel="prefetch" as="script" href="{escape(plotly_url)}">\n'
    )


def _font_faces(font_url: str | None) -> str:
    def face(address: str, subset: str) -> str:
        return (
            f"@font-face{{font-family:'{FONT}';font-style:normal;font-weight:100 900;font-display:swap;"
            f"src:url({address}) format('woff2');unicode-range:{SUBSETS[subset]};}}"
        )

    if font_url is not None:
        return "".join(face(f"{font_url}inter-{subset}-wght-normal.woff2", subset) for subset in SUBSETS)
    data = (assets_folder() / "fonts" / "inter-latin-wght-normal.woff2").read_bytes()
    return face(f"data:font/woff2;base64,{base64.b64encode(data).decode()}", "latin")


def _fonts(first: Sequence[str]) -> list[gr.themes.Font | str]:
    return [gr.themes.Font(name) for name in first]


def studio_theme() -> gr.themes.Base:
    """Indigo and violet on quiet greys. The same names as in assets/css/tokens.css, for Gradio's own widgets."""
    theme = gr.themes.Base(
        primary_hue=gr.themes.colors.indigo,
        secondary_hue=gr.themes.colors.violet,
        neutral_hue=gr.themes.colors.slate,
        radius_size=gr.themes.sizes.radius_md,
        text_size=gr.themes.sizes.text_md,
        font=_fonts((FONT, *FALLBACKS)),
        font_mono=_fonts(("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")),
    )
    return theme.set(**_tokens())


def _tokens() -> dict[str, str]:
    """Gradio's theme variables; a name with `_dark` holds in the dark."""
    both = {
        "body_background_fill": ("#f7f8fc", "#090c13"),
        "body_text_color": ("#1e2337", "#eef0f7"),
        "body_text_color_subdued": ("#5b6478", "#9aa3b6"),
        "background_fill_primary": ("#ffffff", "#12141e"),
        "background_fill_secondary": ("#f3f4f9", "#1a1d29"),
        "border_color_primary": ("#e3e6ef", "#262a3a"),
        "border_color_accent": ("#6366f1", "#818cf8"),
        "color_accent_soft": ("#eef0ff", "#20223a"),
        "block_background_fill": ("#ffffff", "#12141e"),
        "block_border_color": ("#e3e6ef", "#262a3a"),
        "block_label_background_fill": ("#ffffff", "#12141e"),
        "block_label_text_color": ("#4a5268", "#b3bacb"),
        "block_title_text_color": ("#2f364a", "#dfe3ee"),
        "block_info_text_color": ("#5b6478", "#9aa3b6"),
        "block_shadow": ("none", "none"),
        "panel_background_fill": ("#ffffff", "#12141e"),
        "panel_border_color": ("#e3e6ef", "#262a3a"),
        "input_background_fill": ("#ffffff", "#0d0f18"),
        "input_background_fill_focus": ("#ffffff", "#0d0f18"),
        "input_border_color": ("#c9cedb", "#343a50"),
        "input_border_color_focus": ("#6366f1", "#818cf8"),
        "input_placeholder_color": ("#6b7388", "#8790a5"),
        "input_shadow": ("none", "none"),
        "input_shadow_focus": ("0 0 0 3px rgba(99,102,241,.22)", "0 0 0 3px rgba(129,140,248,.28)"),
        "button_primary_background_fill": (
            "linear-gradient(100deg, #5558ea, #7c3aed)",
            "linear-gradient(100deg, #5558ea, #7c3aed)",
        ),
        "button_primary_background_fill_hover": (
            "linear-gradient(100deg, #4a4dde, #6d28d9)",
            "linear-gradient(100deg, #6366f1, #8b5cf6)",
        ),
        "button_primary_text_color": ("#ffffff", "#ffffff"),
        "button_primary_border_color": ("transparent", "transparent"),
        "button_primary_shadow": ("0 4px 14px rgba(99,102,241,.28)", "0 4px 14px rgba(99,102,241,.28)"),
        "button_secondary_background_fill": ("#ffffff", "#1a1d29"),
        "button_secondary_background_fill_hover": ("#f3f4f9", "#232738"),
        "button_secondary_border_color": ("#d5d9e5", "#343a50"),
        "button_secondary_text_color": ("#1e2337", "#eef0f7"),
        "button_cancel_background_fill": ("#fff1f2", "#35151d"),
        "button_cancel_background_fill_hover": ("#ffe4e6", "#451a24"),
        "button_cancel_text_color": ("#b3123a", "#fda4b4"),
        "button_cancel_border_color": ("#fecdd3", "#5e2230"),
        "checkbox_background_color": ("#ffffff", "#0d0f18"),
        "checkbox_background_color_selected": ("#4f46e5", "#6366f1"),
        "checkbox_border_color": ("#8d95a8", "#646d85"),
        "checkbox_border_color_selected": ("#4f46e5", "#6366f1"),
        "checkbox_label_background_fill": ("#ffffff", "#1a1d29"),
        "checkbox_label_background_fill_selected": ("#eef0ff", "#23264a"),
        "checkbox_label_text_color_selected": ("#3730a3", "#dfe1ff"),
        "checkbox_label_border_color_selected": ("#6366f1", "#818cf8"),
        "slider_color": ("#6366f1", "#6366f1"),
        "link_text_color": ("#4f46e5", "#a5b4fc"),
        "link_text_color_hover": ("#3730a3", "#c7d2fe"),
        "table_even_background_fill": ("#ffffff", "#12141e"),
        "table_odd_background_fill": ("#fafbfe", "#151824"),
        "table_border_color": ("#e3e6ef", "#262a3a"),
    }
    tokens: dict[str, str] = {
        "block_radius": "16px",
        "block_border_width": "1px",
        "block_padding": "16px 18px",
        "block_title_text_weight": "600",
        "block_title_text_size": "13px",
        "block_label_text_weight": "600",
        "block_info_text_size": "12.5px",
        "input_radius": "10px",
        "input_padding": "10px 12px",
        "button_large_radius": "11px",
        "button_medium_radius": "10px",
        "button_small_radius": "9px",
        "button_large_text_weight": "600",
        "button_medium_text_weight": "600",
        "container_radius": "16px",
        "layout_gap": "16px",
        "form_gap_width": "0px",
        "input_border_width": "1px",
        "button_border_width": "1px",
        "button_secondary_shadow": "none",
        "button_secondary_shadow_hover": "none",
        "button_cancel_shadow": "none",
        "button_cancel_shadow_hover": "none",
        "section_header_text_weight": "600",
        "shadow_drop": "0 1px 2px rgba(20,24,45,.05)",
        "shadow_drop_lg": "0 8px 28px rgba(20,24,45,.14)",
    }
    for name, (light, dark) in both.items():
        tokens[name] = light
        tokens[f"{name}_dark"] = dark
    return tokens

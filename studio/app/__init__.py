"""The Gradio app: one page, a stepper, one file per tab."""

import components as components  # first of all: it imports Gradio without the second that stub files take

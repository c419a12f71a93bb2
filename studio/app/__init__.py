"""The Gradio app: one page, a stepper, one file per tab."""

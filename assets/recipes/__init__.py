"""The programs that made the starter models and the drawn samples. Nothing in `studio` imports them.

From the repository's root: `uv run python -m assets.recipes.surfaces.make --help`, and likewise `digits`, `image.make`
and `gpt.make`.
"""

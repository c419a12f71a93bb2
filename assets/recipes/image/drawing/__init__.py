"""What generated images are made of: surfaces, outlines, solids, fractals and strokes, all from formulas."""

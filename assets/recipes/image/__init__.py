"""The recipe of starter/image, a small network for images."""

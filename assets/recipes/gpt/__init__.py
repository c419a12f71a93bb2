"""The recipe of starter/gpt, a small language model."""

"""Pretrained models: what there is, where it lies, what it needs."""

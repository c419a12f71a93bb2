"""What the environment tells torch in every process of the engine. Torch reads it when it is imported or first used."""

import os

SHAPES_KEPT = "64"
SETTINGS = {
    "OMP_WAIT_POLICY": "passive",  # threads that wait leave the cores to others
    "TORCHDYNAMO_DISABLE": "1",  # nothing here is compiled, and the compiler takes 2 s to import
    # Kernels and packed weights are kept for so many shapes, not for 1,024. With bfloat16 every new width of a batch
    # adds some: after 60 widths a small GPT held 1.2 GB instead of 1.8, and was as fast.
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY": SHAPES_KEPT,
    "LRU_CACHE_CAPACITY": SHAPES_KEPT,
}


def prepare_torch() -> None:
    """Call before torch is imported. What whoever runs the studio has set stays."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)

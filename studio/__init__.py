"""Fine-Tuning Studio: take a pretrained model, bring data, train, try, share."""

__version__ = "0.1.0"

"""Strategies that leave the model's own weights alone and train small new ones beside them, through peft."""

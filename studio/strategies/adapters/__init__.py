"""Strategies that freeze the model's own weights and train small new ones in addition, through peft."""

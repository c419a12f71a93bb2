"""What happens around the training steps: one file for each concern."""

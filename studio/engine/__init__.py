"""What runs in worker and inference processes: the training loop and everything around it."""

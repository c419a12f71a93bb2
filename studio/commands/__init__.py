"""The commands of `studio`, one file a group. Each has `add_to(subparsers)` and does its imports when it runs."""

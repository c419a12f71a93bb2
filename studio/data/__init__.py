"""From what a person brings to the rows that a run uses: sources, columns, cleaning, splitting."""

"""From a data source to the rows that a run uses: import, columns, cleaning, splitting."""

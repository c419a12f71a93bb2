"""Sweeps: many runs of one run file, in which some settings are ranges or choices, and the best of them.

    space      which settings vary, and over what
    options    how they are searched, and for how long
    folder     a sweep on disk: SWEEP_DIR, its trials and what is true of it
    trials     its trials on disk
    standing   its trials in the order of their worth
    proposals  which settings come next, and whether a trial is worth going on with (Optuna)
    driver     the process that works on one sweep: `python -m studio.sweeps.driver SWEEP_DIR`

Every trial is a run like any other: it trains in a worker of its own, and can be opened, compared and exported.
"""

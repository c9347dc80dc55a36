"""Trials of the engine with faults that nobody can wait for: chance, crashes, torn disks."""

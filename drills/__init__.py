"""One exercise per file: steady state, load, fault, expectation; every fault has its undo."""

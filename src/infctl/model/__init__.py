"""The vocabulary: frozen dataclasses and pure functions. No I/O here, standard library only."""

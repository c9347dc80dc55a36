"""The sections of a platform file as frozen models, one a file. No I/O here."""

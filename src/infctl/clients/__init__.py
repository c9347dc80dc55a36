"""The only importer of SDKs: deadlines, breakers and translation of errors live here."""

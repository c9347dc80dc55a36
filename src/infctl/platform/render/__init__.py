"""Pure rendering of the stack: the same platform always gives the same bytes. No I/O here."""

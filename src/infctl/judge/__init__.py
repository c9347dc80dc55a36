"""Statistics and judgements over what was recorded. Pure: no I/O, no clock."""

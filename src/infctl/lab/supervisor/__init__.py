"""One process that starts, watches, hurts and stops the processes of a lab.

`assembly` says which parts there are; `child` is one of them at run time; `household` is all of
them; `faults` hurts them; `admin` is the way in. A part is never restarted silently: the lab shows
what is true.
"""

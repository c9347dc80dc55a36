"""A lab's metrics, logs and Kubernetes events of some time, in a folder for tests.

`metrics`, `logs` and `events` each follow one of the three; `record` puts them together; `manifest`
writes what was kept with its digest; `reader` gives it back. No Secret, token or key is asked for,
and `scrub` takes out what a log says of one.
"""

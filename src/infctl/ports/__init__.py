"""What the heart needs from the world: Protocols of few verbs, asynchronous, each with a deadline.

Every method raises only errors of `infctl.errors`: `Unreachable` where no answer came in time,
`CredentialsError` where the world refuses us. Implementations live in `clients` and `fakes` and
pass the same contract suites.
"""

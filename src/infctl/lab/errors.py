"""What went wrong in the lab, told so that a person can act on it."""


class LabError(Exception):
    """Something that the user of a lab must be told.

    `what` happened, in a sentence; `hint` is the next command to type.
    """

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


class NotRunning(LabError):
    """There is no lab of that name, or its supervisor is gone."""


class Busy(LabError):
    """Another command starts or stops the lab."""


class BadName(LabError):
    """No lab can have that name."""

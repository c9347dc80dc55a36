"""What clients send: one row of the digits data set, in the Open Inference Protocol v2.

Source of the row: the first of scikit-learn's `load_digits` (UCI Optical Recognition of
Handwritten Digits), an 8x8 picture of a zero with values 0 to 16.
"""

import json

ROW = (
    *(0, 0, 5, 13, 9, 1, 0, 0),
    *(0, 0, 13, 15, 10, 15, 5, 0),
    *(0, 3, 15, 2, 0, 11, 8, 0),
    *(0, 4, 12, 0, 0, 8, 8, 0),
    *(0, 5, 8, 0, 0, 9, 8, 0),
    *(0, 4, 11, 0, 1, 12, 7, 0),
    *(0, 2, 14, 5, 10, 12, 0, 0),
    *(0, 0, 6, 13, 10, 0, 0, 0),
)


def make_body() -> bytes:
    """One request's body."""
    tensor = {"name": "input", "shape": [1, len(ROW)], "datatype": "FP32", "data": list(ROW)}
    return json.dumps({"inputs": [tensor]}).encode()

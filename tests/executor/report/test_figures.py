"""What stands below a plot can be read."""

from infctl.executor.report.figures import make_labels


def test_marks_that_are_close_together_share_one_label() -> None:
    marks = {0.0: "fault", 27.3: "detected", 27.7: "answer changed", 35.0: "recovered"}
    starts = [float(n) for n in range(-10, 90)]
    assert make_labels(marks, starts) == [
        {"value": 0.0, "label": "fault 0"},
        {"value": 27.3, "label": "detected 27.3, answer changed 27.7"},
        {"value": 35.0, "label": "recovered 35"},
    ]


def test_a_plot_without_marks_has_seconds() -> None:
    assert make_labels({}, [0.0, 1.0, 2.0]) == [0.0, 1.0, 2.0]

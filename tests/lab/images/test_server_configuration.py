"""The container's environment, read strictly."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infctl.lab.images.mlserver_onnx.model_server.configuration import (
    ConfigurationError,
    Model,
    read_configuration,
)

DIGEST = "sha256:" + "a" * 64
MODEL = {"name": "digits", "version": "v1", "digest": DIGEST}
GOOD = {
    "MLSERVER_HOST": "127.16.1.64",
    "MODEL_STORE": "s3://vision-models-eu-west-1",
    "MODEL_STORE_REGION": "eu-west-1",
    "MODELS": json.dumps([MODEL]),
    "SLOTS": "4",
    "SERVICE_TIME_MS": "20",
    "QUEUE_LIMIT": "64",
    "LATENCY_CEILING_MS": "250",
    "WARMUP_REQUESTS": "20",
}


def test_times_are_seconds_and_the_drain_has_a_default() -> None:
    read = read_configuration(GOOD | {"SERVICE_TIME_MS": "12.5"})
    assert read.models == (Model("digits", "v1", DIGEST),)
    assert read.bucket == "vision-models-eu-west-1"
    assert (read.service_time, read.latency_ceiling, read.drain) == (0.0125, 0.25, 1.5)


@pytest.mark.parametrize("name", GOOD)
def test_a_missing_variable_is_named(name: str) -> None:
    left = {key: value for key, value in GOOD.items() if key != name}
    with pytest.raises(ConfigurationError, match=name):
        read_configuration(left)


def _models(**changes: object) -> str:
    return json.dumps([MODEL | changes])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("SLOTS", value) for value in ("0", "-1", "1.5", "1e3", "nan", "", "2000", "9" * 5000)),
        *(("SERVICE_TIME_MS", value) for value in ("-1", "nan", "inf", "20ms", "1e99")),
        *(("QUEUE_LIMIT", value) for value in ("-1", "x")),
        *(("WARMUP_REQUESTS", value) for value in ("0", "10001")),
        *(("LATENCY_CEILING_MS", value) for value in ("0", "nan")),
        ("DRAIN_MS", "-1"),
        *(
            ("MODEL_STORE", value)
            for value in ("vision", "s3://", "s3://a/b", "s3://../x", "http://x", "s3://a\nb")
        ),
        *(("MODEL_STORE_REGION", value) for value in ("", "eu west", "a/../b", "eu\n")),
        *(
            ("MODELS", value)
            for value in ("", "{", "{}", "[]", "[1]", "null", "[" * 100_000, "[{}]", "NaN")
        ),
        ("MODELS", json.dumps([MODEL, MODEL])),
        ("MODELS", json.dumps([MODEL] * 65)),
        ("MODELS", _models(extra=1)),
        *(
            ("MODELS", _models(name=value))
            for value in ("", "..", "a/b", "A", "-rf", "a\n", 1, None)
        ),
        *(("MODELS", _models(version=value)) for value in ("", "../v1", "v" * 65, 1)),
        *(("MODELS", _models(digest=value)) for value in ("", "a" * 64, DIGEST + "a", "md5:1", 1)),
    ],
)
def test_a_wrong_value_is_refused_by_its_name_on_one_short_line(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name) as caught:
        read_configuration(GOOD | {name: value})
    text = str(caught.value)
    assert text.isprintable()
    assert len(text) < 200


@given(name=st.sampled_from(sorted(GOOD)), value=st.text(max_size=40))
def test_any_text_is_taken_or_refused_and_never_a_crash(name: str, value: str) -> None:
    said = ""
    try:
        read_configuration(GOOD | {name: value})
    except ConfigurationError as error:
        said = str(error)
    assert said.isprintable()

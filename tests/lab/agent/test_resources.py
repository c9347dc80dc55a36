"""Quantities, and what containers are told of their own resources."""

from decimal import Decimal

import pytest

from infctl.lab.agent.resources import parse_quantity, resource_value

CONTAINER = {
    "name": "main",
    "resources": {"requests": {"cpu": "250m"}, "limits": {"cpu": "1500m", "memory": "1Gi"}},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", "0"),
        ("100m", "0.1"),
        ("1.5", "1.5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("64Mi", "67108864"),
        ("1Gi", "1073741824"),
        ("2k", "2000"),
        ("1E", "1000000000000000000"),
        ("1e3", "1000"),
        ("1E-2", "0.01"),
        ("12u", "0.000012"),
        ("-1", "-1"),
    ],
)
def test_a_quantity_is_a_number_with_a_suffix(text: str, value: str) -> None:
    assert parse_quantity(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "m", "1 Gi", "1KiB", "ki", "1e", "1ee3", "0x1", "1,5", "NaN"])
def test_anything_else_is_no_quantity(text: str) -> None:
    with pytest.raises(ValueError, match="is no quantity"):
        parse_quantity(text)


@pytest.mark.parametrize(
    ("resource", "divisor", "value"),
    [
        ("limits.cpu", None, "2"),
        ("limits.cpu", "1m", "1500"),
        ("limits.cpu", "0", "2"),
        ("requests.cpu", "100m", "3"),
        ("limits.memory", "1Mi", "1024"),
        ("limits.memory", None, "1073741824"),
        ("requests.memory", None, "0"),
        ("limits.ephemeral-storage", "1Gi", "100"),
    ],
)
def test_a_resource_is_rounded_up_in_units_of_its_divisor(
    resource: str, divisor: str | None, value: str
) -> None:
    source = {"resource": resource, **({"divisor": divisor} if divisor else {})}
    assert resource_value(source, CONTAINER) == value


@pytest.mark.parametrize("resource", ["limits.gpu", "cpu", "used.cpu", ""])
def test_a_resource_that_nodes_do_not_have_is_named(resource: str) -> None:
    with pytest.raises(ValueError, match=f"do not know the resource {resource}"):
        resource_value({"resource": resource}, CONTAINER)

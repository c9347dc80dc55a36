"""Where addresses are."""

from pathlib import Path

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infctl.lab.dns.__main__ import region_networks
from infctl.lab.dns.places import (
    Network,
    Place,
    Places,
    address_in,
    milliseconds,
    networks,
    of_region,
    regions,
)
from infctl.lab.spec import Lab, Region

ALL = sorted(networks().items(), key=lambda item: (item[0].version, int(item[0][0])))
PLACES = st.sampled_from([place for _, place in ALL])


@given(st.sampled_from(ALL), st.integers(min_value=0))
def test_every_address_of_a_network_is_in_its_place(
    found: tuple[Network, Place], offset: int
) -> None:
    network, place = found
    located = Places().find(str(network[offset % network.num_addresses]))
    assert (located.place, located.prefix) == (place, network.prefixlen)


@pytest.mark.parametrize(
    ("address", "prefix"),
    [("203.0.113.9", 24), ("198.18.0.1", 24), ("fd00::1", 48), ("", 0), ("no address", 0)],
)
def test_what_is_not_in_the_data_has_no_place(address: str, prefix: int) -> None:
    found = Places().find(address)
    assert (found.place, found.prefix) == (None, prefix)


@given(PLACES, PLACES)
def test_a_round_trip_takes_as_long_both_ways_and_never_less_than_light(
    here: Place, there: Place
) -> None:
    there_and_back = milliseconds(here, there)
    assert there_and_back == pytest.approx(milliseconds(there, here))
    assert 0 <= there_and_back <= 20_100 / 100 * 2.2
    assert milliseconds(here, here) == pytest.approx(0, abs=1e-6)


# Round trips between the vendor's regions in ms, roughly as public measurements have them.
PUBLISHED = {
    ("us-east-1", "eu-west-1"): 70,
    ("us-east-1", "eu-central-1"): 92,
    ("us-east-1", "sa-east-1"): 115,
    ("us-east-1", "ap-northeast-1"): 150,
    ("eu-central-1", "ap-south-1"): 120,
    ("eu-central-1", "ap-southeast-1"): 160,
    ("us-west-2", "ap-southeast-2"): 140,
    ("eu-west-1", "af-south-1"): 160,
    ("ap-southeast-1", "ap-southeast-2"): 92,
}


@pytest.mark.parametrize(("here", "there"), PUBLISHED)
def test_an_estimate_is_near_the_published_round_trip(here: str, there: str) -> None:
    known = regions()
    expected = PUBLISHED[here, there]
    assert milliseconds(known[here], known[there]) == pytest.approx(expected, rel=0.34)


def test_all_regions_of_the_api_are_known() -> None:
    client = boto3.client("route53", region_name="us-east-1")
    shape = client.meta.service_model.shape_for("ResourceRecordSetRegion")
    assert set(shape.enum) <= regions().keys()


def test_no_place_is_there_twice() -> None:
    codes = [(network.version, p.country, p.subdivision) for network, p in ALL]
    assert len(codes) == len(set(codes))


def test_the_regions_of_a_lab_are_where_they_are(tmp_path: Path) -> None:
    known = (Region("eu-west-1", 1, "IE"), Region("home", 2, "DE"), Region("nowhere", 3))
    lab = Lab("test", 16, tmp_path, known)
    places = Places(region_networks(lab))
    found = [places.find(f"127.16.{number}.70").place for number in range(4)]
    assert [place and place.country for place in found] == [None, "IE", "DE", None]
    assert found[1] == of_region("eu-west-1", "IE")


def test_a_place_that_is_not_in_the_data_has_no_address() -> None:
    assert address_in("US", "VA").startswith("198.19.")
    with pytest.raises(KeyError):
        address_in("XX")

"""The names of a service's resources in the cloud."""

from infctl.platform.model import Platform


def models_bucket(platform: Platform, region: str) -> str:
    """The bucket of a region's own copy of the artifacts."""
    return f"{platform.service.name}-models-{region}"


def switches_bucket(platform: Platform, keeper: str) -> str:
    """The bucket in which `keeper` keeps the switches of the other regions."""
    return f"{platform.service.name}-switches-{keeper}"


def switch_key(region: str) -> str:
    """The object that switches `region` off by being there."""
    return f"off/{region}"


def check_name(platform: Platform, region: str) -> str:
    """The calculated health check that a region's record hangs on."""
    return f"{platform.service.name}-{region}"


def endpoint_check_name(platform: Platform, region: str) -> str:
    """The health check that asks a region's gateway."""
    return f"{check_name(platform, region)}-endpoint"


def switch_check_name(platform: Platform, region: str, keeper: str) -> str:
    """The inverted health check that reads a region's switch at one keeper."""
    return f"{check_name(platform, region)}-switch-{keeper}"


def lock_table(platform: Platform) -> str:
    """The table in which the lock's witness keeps an item for each environment."""
    return f"{platform.service.name}-locks"

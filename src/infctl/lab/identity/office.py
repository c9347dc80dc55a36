"""The issuer's parts together: keys, desk, store and protocol of one lab."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from infctl.lab.identity import files, issuer, people, protocol, settings
from infctl.lab.identity.desk import Desk, Login, Refused, used_path
from infctl.lab.identity.guesses import Guesses
from infctl.lab.identity.keys import Keys
from infctl.lab.identity.store import Device, Grant, Store
from infctl.lab.identity.validator import Validator
from infctl.lab.spec import Lab

_DEVICE = "device"


@dataclass
class Office:
    """What the web pages and endpoints are made from."""

    base: str
    clock: Callable[[], float]
    settings: settings.Settings
    keys: Keys
    desk: Desk
    store: Store
    authorization: Any
    devices: Any
    _codes: Guesses = field(default_factory=lambda: Guesses(limit=10))

    def waiting(self, user_code: str) -> Device:
        """The device that waits under a code; Refused for a wrong one, and after many of them."""
        now = self.clock()
        if wait := self._codes.wait(_DEVICE, now):
            raise Refused("too many wrong codes of devices", wait)
        device = self.store.device_of(user_code)
        if device is None:
            self._codes.count(_DEVICE, now)
            raise Refused("no device waits under this code: it is wrong, or too old")
        return device

    def add_device(self, data: dict[str, Any]) -> None:
        """Keep what a device was told, until a while after its end."""
        scopes = tuple(str(data["scope"]).split())
        life = self.settings.device
        device = Device(data["user_code"], scopes, data["interval"], self.clock() + life)
        self.store.devices.put(data["device_code"], device, 2 * life)


def open_office(lab: Lab, clock: Callable[[], float] = time.time) -> Office:
    """Read a lab's files; LabError where one is not what it should be."""
    base, folder = issuer.url(lab), files.folder(lab)
    lives = settings.read(lab)
    keys = Keys(folder / "keys.json", lives.key, lives.token)
    store = Store(clock)
    validator = Validator(base, lives, keys, store, clock)
    return Office(
        base,
        clock,
        lives,
        keys,
        Desk(people.read(lab), used_path(folder), clock),
        store,
        protocol.Authorization(validator),
        protocol.device_endpoint(validator, base, lives),
    )


def grant(login: Login, scopes: tuple[str, ...]) -> Grant:
    """What somebody grants; Refused where they may not, or did not show enough."""
    check_elevation(login, scopes)
    return Grant(login, scopes)


def check_elevation(login: Login, scopes: tuple[str, ...]) -> None:
    """Refused where scopes ask for elevation and the login is not worth it."""
    if issuer.ELEVATED not in scopes:
        return
    if not login.person.may_elevate:
        raise Refused(f"only members of {people.ON_CALL} get elevated tokens", status=403)
    if "otp" not in login.methods:
        raise Refused("elevated tokens need the one-time code, too", status=403)

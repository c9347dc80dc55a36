"""The terminal of `kubectl exec -t`: a pair of descriptors, one for the command and one for us."""

import asyncio
import errno
import fcntl
import json
import os
import pty
import struct
import termios
from collections.abc import AsyncIterator
from contextlib import suppress

_BLOCK = 2**15


class Terminal:
    """A terminal whose other side is `slave`, until that is given away."""

    def __init__(self) -> None:
        self._master, self.slave = pty.openpty()
        os.set_blocking(self._master, False)
        self._readable = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._master, self._readable.set)

    def give_away(self) -> None:
        """The command holds the other side by now: when it ends, so does what is read."""
        os.close(self.slave)

    def resize(self, told: bytes) -> None:
        """Take the size that a client's terminal has now; nonsense changes nothing."""
        with suppress(ValueError, KeyError, TypeError, AttributeError, struct.error, OSError):
            size = json.loads(told)
            packed = struct.pack("HHHH", int(size["Height"]), int(size["Width"]), 0, 0)
            fcntl.ioctl(self._master, termios.TIOCSWINSZ, packed)

    async def write(self, data: bytes) -> None:
        """What a person types."""
        while data:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                await asyncio.sleep(0.01)
            except OSError:
                return

    async def read(self) -> AsyncIterator[bytes]:
        """What the command shows, until nobody holds the other side any more."""
        while True:
            await self._readable.wait()
            self._readable.clear()
            try:
                while data := os.read(self._master, _BLOCK):
                    yield data
            except BlockingIOError:
                continue
            except OSError as error:
                if error.errno == errno.EIO:
                    return
                raise

    def close(self) -> None:
        """Let our side go."""
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)

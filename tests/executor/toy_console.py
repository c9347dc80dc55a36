"""The console on one run, over an empty world: python toy_console.py RUN, on a terminal."""

import sys
from pathlib import Path

from infctl.console.app import Console
from infctl.console.live import LiveFeed
from infctl.fakes.world import fake_world
from infctl.platform import load

ROOT = Path(__file__).parents[2]


class OpenAt(Console):
    """Opens at a run's timeline."""

    def on_mount(self) -> None:
        super().on_mount()
        self.call_later(self.show_run, sys.argv[1])


if __name__ == "__main__":
    platform = load(ROOT / "platform.yaml")
    fake = fake_world(platform.region_names, host=platform.service.host)
    app = OpenAt(LiveFeed(platform, fake.world()))
    app.run()
    raise SystemExit(app.return_code or 0)

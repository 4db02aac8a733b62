"""A network of the rig's own, with one cable to the simulated Globus, which can be pulled out."""

from __future__ import annotations

import os
import shutil
import subprocess
from types import TracebackType
from typing import Self

import pytest

GLOBUS = "127.0.0.9"
"""Where Globus listens. It is of this machine alone, and the rig's network reaches it through the cable only."""


def require() -> None:
    """Skip where no network can be made; fail where it has to be tried."""
    if os.geteuid() == 0 and shutil.which("ip"):
        return
    words = "making a network takes root and `ip` (apt-get install iproute2): not tried"
    if os.environ.get("CI"):
        pytest.fail(words, pytrace=False)
    pytest.skip(words)


class Network:
    """Exists until the block ends. What is sent while the cable is out is lost without a word, both ways."""

    def __init__(self) -> None:
        number = os.getpid() % 16_000
        self.name = f"archived-{number}"
        self._ours, self._theirs = f"ar{number}a", f"ar{number}b"
        # A net of four addresses for each process that runs tests.
        first = number * 4
        self._addresses = [f"10.213.{first // 256}.{first % 256 + each}" for each in (1, 2)]
        self.prefix = ["ip", "netns", "exec", self.name]

    def __enter__(self) -> Self:
        _run("ip", "netns", "add", self.name)
        try:
            self._lay_cable()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _lay_cable(self) -> None:
        ours, theirs = self._addresses
        _run("ip", "link", "add", self._ours, "type", "veth", "peer", "name", self._theirs)
        _run("ip", "link", "set", self._theirs, "netns", self.name)
        _run("ip", "addr", "add", f"{ours}/30", "dev", self._ours)
        _run("sysctl", "-qw", f"net.ipv4.conf.{self._ours}.route_localnet=1")
        for words in (
            "ip link set lo up",
            f"ip addr add {theirs}/30 dev {self._theirs}",
            f"ip link set {self._theirs} up",
            f"sysctl -qw net.ipv4.conf.{self._theirs}.route_localnet=1",
            # Of all that begins with 127 only one address stays this network's own.
            "ip route del local 127.0.0.0/8 dev lo table local",
        ):
            _run(*self.prefix, *words.split())
        self.mend()
        route = f"ip route add {GLOBUS}/32 via {ours} dev {self._theirs} src {theirs}"
        _run(*self.prefix, *route.split())

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        # The cable goes with it.
        _run("ip", "netns", "del", self.name)

    def cut(self) -> None:
        """Pull the cable out at the far end."""
        _run("ip", "link", "set", self._ours, "down")

    def mend(self) -> None:
        """Put it in again."""
        _run("ip", "link", "set", self._ours, "up")


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (words, done.stderr)

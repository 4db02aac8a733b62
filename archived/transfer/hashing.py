"""Checksums of bytes that pass by."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Protocol

from archived.core.model import Checksum

PROOF = "SHA256"
"""What our own copies are proved with: on machines with SHA extensions the fastest of the standard library's."""

BUFFER = 256 * 1024
"""Bytes at a time; larger buffers fall out of the processor's cache and are slower."""

_KNOWN = {"MD5": "md5", "SHA1": "sha1", "SHA256": "sha256", "SHA512": "sha512"}


class _Hash(Protocol):
    def update(self, data: memoryview, /) -> None: ...
    def hexdigest(self) -> str: ...


def can_compute(algorithm: str) -> bool:
    """Whether this machine computes checksums of that algorithm (in Globus' spelling)."""
    return algorithm.upper() in _KNOWN


class Digests:
    """Several checksums in one pass."""

    def __init__(self, *algorithms: str) -> None:
        self._hashes: dict[str, _Hash] = {
            name: hashlib.new(_KNOWN[name], usedforsecurity=False)
            for name in dict.fromkeys(algorithm.upper() for algorithm in algorithms)
        }

    def update(self, data: memoryview) -> None:
        """Take the next bytes in."""
        for each in self._hashes.values():
            each.update(data)

    def checksum(self, algorithm: str = PROOF) -> Checksum:
        """The checksum of everything so far."""
        name = algorithm.upper()
        return Checksum(name, self._hashes[name].hexdigest())


def digest(read_into: Callable[[memoryview], int], *, going_on: Callable[[], None]) -> Checksum:
    """The proof's checksum of everything that can be read. `going_on` is called between buffers and may raise."""
    digests = Digests(PROOF)
    buffer = memoryview(bytearray(BUFFER))
    while count := read_into(buffer):
        going_on()
        digests.update(buffer[:count])
    return digests.checksum()

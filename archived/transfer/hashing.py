"""Checksums of bytes that pass by."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import partial
from typing import Protocol

from archived.core.model import Checksum

PROOF = "SHA256"
"""What our own copies are proved with: on machines with SHA extensions the fastest of the standard library's."""

BUFFER = 256 * 1024
"""Bytes at a time; larger buffers fall out of the processor's cache and are slower."""


class _Hash(Protocol):
    def update(self, data: bytes | memoryview, /) -> None: ...
    def hexdigest(self) -> str: ...


_KNOWN: dict[str, Callable[[], _Hash]] = {
    "MD5": partial(hashlib.md5, usedforsecurity=False),
    "SHA1": partial(hashlib.sha1, usedforsecurity=False),
    "SHA256": partial(hashlib.sha256, usedforsecurity=False),
    "SHA512": partial(hashlib.sha512, usedforsecurity=False),
}


def can_compute(algorithm: str) -> bool:
    """Whether this machine computes checksums of that algorithm (in Globus' spelling)."""
    return algorithm.upper() in _KNOWN


class Digests:
    """Several checksums in one pass."""

    def __init__(self, *algorithms: str) -> None:
        self._hashes: dict[str, _Hash] = {
            name: _KNOWN[name]()
            for name in dict.fromkeys(algorithm.upper() for algorithm in algorithms)
        }

    def update(self, data: bytes | memoryview) -> None:
        """Take the next bytes in."""
        for each in self._hashes.values():
            each.update(data)

    def checksum(self, algorithm: str = PROOF) -> Checksum:
        """The checksum of everything so far."""
        name = algorithm.upper()
        return Checksum(name, self._hashes[name].hexdigest())


def digest(descriptor: int, *, going_on: Callable[[], None]) -> Checksum:
    """The proof's checksum of everything that can be read of an open file.

    `going_on` is called between buffers and may raise. Raises `OSError`.
    """
    proof = _KNOWN[PROOF]()
    while data := os.read(descriptor, BUFFER):
        going_on()
        proof.update(data)
    return Checksum(PROOF, proof.hexdigest())

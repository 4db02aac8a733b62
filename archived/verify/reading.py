"""Compares contents by reading them, where the archive is a directory of this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from archived.core.formats import UnreadableError
from archived.core.manifest import parse_manifest
from archived.core.model import Checksum
from archived.core.records import RecordError, manifest_path
from archived.core.verifying import Content, How, Look, Wanted, against_known, to_compare
from archived.records.files import read_small
from archived.rig.root import Root
from archived.transfer.content import computable, read_content
from archived.transfer.hashing import PROOF
from archived.verify.rig_copy import rig_checksum

LARGEST_MANIFEST = 64_000_000
"""Bytes: some half a million files."""

GoingOn = Callable[[int], None]
"""Told how many bytes were read; may wait, and raises to end it."""

OTHER_MANIFEST = "is what was archived, and the manifest in the archive tells of another SHA-256"
DAMAGED_MANIFEST = "is what was archived, and the manifest in the archive cannot be read"


@dataclass
class Reading:
    """Reads files of one archive. `going_on` is called between reads."""

    archive: str
    root: Root
    going_on: GoingOn
    _manifest: tuple[str, Mapping[str, str] | None] | None = field(default=None, init=False)
    """The last manifest that was read, as the files of a dataset come one after the other; None in it is damage."""

    def look(self, wanted: Wanted) -> Look:
        """Compare one file. What differs is read a second time before that is said.

        Raises `TransferUnavailableError` where the archive is gone, and what `going_on` raises.
        """
        wanted, promised = self._with_all_that_is_known(wanted)
        look = self._read(wanted)
        if look.content is Content.DIFFERENT:
            look = self._read(wanted)
        told = promised is not None and look.found is not None and look.found != promised
        if look.content is Content.SAME and told:
            return replace(look, reason=OTHER_MANIFEST)
        if look.content is Content.SAME and self._manifest_of(wanted.dataset) is None:
            return replace(look, reason=DAMAGED_MANIFEST)
        return look

    def _with_all_that_is_known(self, wanted: Wanted) -> tuple[Wanted, Checksum | None]:
        """The file with something to compare it with, if there is anything; and what the manifest tells of it."""
        wanted = comparable(wanted)
        promised = self._promised(wanted)
        if not wanted.checksums and promised is not None:
            wanted = wanted._replace(checksums=(promised,))
        if not to_compare(wanted):
            on_rig = rig_checksum(self.root, wanted, self.going_on)
            if on_rig is not None:
                wanted = wanted._replace(checksums=(on_rig,))
        return wanted, promised

    def _read(self, wanted: Wanted) -> Look:
        algorithms = [each.algorithm for each in to_compare(wanted)]
        try:
            found = read_content(self.archive, wanted.path, algorithms, going_on=self.going_on)
        except UnreadableError as error:
            return Look(wanted, How.READ, None, reason=f"cannot be read: {error}")
        return against_known(wanted, How.READ, found.size, found.checksums, proof=PROOF)

    def _promised(self, wanted: Wanted) -> Checksum | None:
        """What the archive's own manifest tells of a file."""
        sha256 = (self._manifest_of(wanted.dataset) or {}).get(wanted.path)
        return None if sha256 is None else Checksum(PROOF, sha256)

    def _manifest_of(self, dataset: str) -> Mapping[str, str] | None:
        """What a manifest tells: nothing where there is none, and None where it is damaged."""
        if self._manifest is None or self._manifest[0] != dataset:
            self._manifest = (dataset, self._read_manifest(dataset))
        return self._manifest[1]

    def _read_manifest(self, dataset: str) -> Mapping[str, str] | None:
        try:
            return parse_manifest(
                read_small(self.archive, manifest_path(dataset), LARGEST_MANIFEST)
            )
        except RecordError as error:
            absent = isinstance(error.__cause__, (FileNotFoundError, NotADirectoryError))
            return {} if absent else None


def comparable(wanted: Wanted) -> Wanted:
    """With those checksums only that this machine can compute."""
    return wanted._replace(checksums=computable(wanted.checksums))

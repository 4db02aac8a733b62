"""Small inputs that unpack to a lot, each given to its parser in a process whose memory is limited.

`python -m tests.fuzz.bombs` ends with 0 where all answers are as they should be, and names the others.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping

from archived.core.formats import mtscomp
from archived.core.subjects import read_csv
from archived.errors import TransferError
from archived.transfer.globus import GlobusTransfers
from archived.transfer.globus_session import GlobusSession
from tests.fuzz.__main__ import limit_memory
from tests.fuzz.running import attempt
from tests.fuzz.table import TARGETS
from tests.fuzz.targets.globus import LOCATION, SECRET, wired

BY_NAME = {target.name: target for target in TARGETS}
Answer = Callable[[], bool]


def _listed(head: bytes, body: bytes) -> str:
    """What comes of listing a folder when that is the answer: how many entries, or the error."""
    with wired(head + b"\n" + body):
        session = GlobusSession("client", client_secret=SECRET, native=False)
        try:
            return f"{len(GlobusTransfers(LOCATION, session).list('x'))} entries"
        except TransferError as error:
            return str(error)
        finally:
            session.close()


def _gzip() -> bool:
    bomb = gzip.compress(bytes(1 << 20)) * 3000
    return "cannot be reached" in _listed(b"200|Content-Encoding:gzip", bomb)


def _folder() -> bool:
    """The largest folder that Globus lists is no bomb."""
    entry = {"DATA_TYPE": "file", "name": "x" * 100, "type": "file", "size": 4, "permissions": "0644", "user": "u" * 100,
             "last_modified": "2023-12-18 16:52:50+00:00", "group": "g" * 100, "link_target": None}  # fmt: skip
    rows = b",".join([json.dumps(entry).encode()] * 100_000)
    return _listed(b"200", b'{"DATA":[' + rows + b"]}") == "100000 entries"


def _record() -> bool:
    return attempt(BY_NAME["record"], b"[" + b"{}," * (20 << 20) + b"{}]") is None


def _ch() -> bool:
    return attempt(BY_NAME["mtscomp"], b"[" + b"{}," * (mtscomp.LONGEST // 3 - 2) + b"{}]") is None


def _csv() -> bool:
    return not read_csv(b"subject_id,h2o\n" + b",,,,,,,,,\n" * 400_000).subjects


def _ini() -> bool:
    return attempt(BY_NAME["ini"], b"[archived]\n" + b"a\n" * 500_000) is None


BOMBS: Mapping[str, Answer] = {
    "gzip": _gzip, "folder": _folder, "record": _record, "ch": _ch, "csv": _csv, "ini": _ini
}  # fmt: skip


def refused(name: str) -> bool:
    """Whether the answer is as it should be, in a copy of this process, which has loaded all that it takes."""
    copy = os.fork()
    if copy:
        return os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]) == 0
    try:
        limit_memory()
        os._exit(0 if BOMBS[name]() else 1)
    finally:  # whatever it was, this copy goes no further
        traceback.print_exc()
        os._exit(1)


if __name__ == "__main__":
    failed = [name for name in BOMBS if not refused(name)]
    sys.exit(f"not refused as it should be: {', '.join(failed)}" if failed else 0)

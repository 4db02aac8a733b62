"""One visit of the doctor: who called, what several examinations need, and how long one may take."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from archived.cli.finding import Checked, fail
from archived.core.paths import printable

if TYPE_CHECKING:
    from archived.cli.caller import Caller
    from archived.config import Configuration
    from archived.rig.survey import Survey
    from archived.store import Store

PATIENCE = 120.0
"""Seconds that an examination may take. Requests to Globus, with their repetitions, take less."""
READING = 1200.0
"""Seconds for the store, which is read whole: about five for each million files."""


class Visit:
    """What an examination is given."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self._surveys: dict[str, Survey] = {}

    @property
    def configuration(self) -> Configuration:
        """The configuration, which has no mistakes."""
        return self.caller.configuration

    @property
    def roots(self) -> list[str]:
        """Every watched folder, once."""
        return list(dict.fromkeys(each.location.root for each in self.configuration.locations))

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The store as it is: nothing is noted in it. Raises `StoreError` and its children.

        Whoever asks has made sure that it is of this release; opening brings an older one up to date.
        """
        from archived.store import Store

        with Store.open(self.configuration.store, rig=self.configuration.rig) as opened:
            yield opened

    def survey(self, root: str) -> Survey:
        """A short look at a root, made once. Raises `RootUnavailableError`."""
        from archived.rig.root import Root
        from archived.rig.survey import survey

        if root not in self._surveys:
            quiet_since = self.caller.now() - self.configuration.quiet_time
            self._surveys[root] = survey(Root(root), quiet_since=quiet_since)
        return self._surveys[root]


Examination = Callable[[Visit], Iterator[Checked]]


def within(seconds: float, examination: Examination, visit: Visit) -> list[Checked]:
    """What an examination finds; one that hangs (a disk, a server) is left behind, and that is a finding too.

    It has a thread of its own, which the end of the program does not wait for. What is a bug is raised here.
    """
    found: list[Checked] = []
    failure: list[BaseException] = []

    def examine() -> None:
        try:
            found.extend(examination(visit))
        except BaseException as error:  # noqa: BLE001 - raised again below, on the thread that waits
            failure.append(error)

    thread = threading.Thread(target=examine, name=examination.__name__, daemon=True)
    thread.start()
    thread.join(seconds)
    area = examination.__name__.replace("_", " ")
    told = list(found)
    if failure and isinstance(failure[0], OSError):
        told.append(_not_looked_at(area, failure[0]))
    elif failure:
        raise failure[0]
    if thread.is_alive():
        told.append(
            fail(
                area,
                f"looking at this ({area}) was given up after {seconds:g} seconds without an end",
                "see whether each disk and server in question answers (ls, ping), then type: archivedctl check",
                means="a disk or a server hangs; whether more is wrong there is not known",
            )
        )
    return told


def _not_looked_at(area: str, error: OSError) -> Checked:
    where = f" ({printable(str(error.filename))})" if error.filename else ""
    return fail(
        area,
        f"looking at this ({area}) ended early: {error.strerror or error}{where}",
        "type it as the service's user: sudo -u archived archivedctl check",
        means="whether more is wrong there is not known",
    )

"""The watch over one root: built, examined at every tick, and built anew where it went wrong."""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from archived.core.dataclass import dataclass
from archived.rig.canary import Canary, Ear
from archived.rig.hints import HintSet
from archived.rig.watchability import distant_below, refusal, unwatchable, unwatched_words

if TYPE_CHECKING:
    from archived.rig.inotify import InotifySession

FIRST_PAUSE = 10.0
LONGEST_PAUSE = 1800.0
"""In seconds, between two attempts to watch; doubled while things go wrong. Also how often folders that could
not be watched are tried again."""


class Pause:
    """How long to wait before the next attempt."""

    def __init__(self) -> None:
        self._length = FIRST_PAUSE
        self._until = float("-inf")

    def over(self, now: float) -> bool:
        """Whether the next attempt may be made."""
        return now >= self._until

    def begin(self, now: float) -> None:
        """An attempt was made; the one after the next has to wait for longer."""
        self._until = now + self._length
        self._length = min(2 * self._length, LONGEST_PAUSE)

    def all_well(self, now: float) -> None:
        """Begin with short pauses again, once all has been well for as long as a pause."""
        if now > self._until + self._length:
            self._length = FIRST_PAUSE


@dataclass(frozen=True)
class RootHealth:
    """How the watch over one root stands. `alive` is False where events should come and do not."""

    events: bool = False
    reason: str = ""
    watched: int = 0
    unwatched: int = 0
    alive: bool = True


class RootWatch:
    """Everything about one root. All but `hints` and `health` belongs to one thread, as it may wait for a disk."""

    def __init__(
        self, root: str, canary: Canary | None, wake: Callable[[], None], capacity: int
    ) -> None:
        self.root = root
        self.hints = HintSet(wake, capacity)
        self.health = RootHealth(reason="not watched yet")
        self._canary = canary
        self._ear = Ear()
        self._pause = Pause()
        self._session: InotifySession | None = None
        self._real_path = root
        self._folder: tuple[int, int] | None = None
        self._distant = ""
        self._notes: deque[str] = deque(maxlen=10)
        self._overflows_before = 0
        self._built_at = float("-inf")

    @property
    def overflows(self) -> int:
        """How often the kernel dropped events since the start."""
        session = self._session
        return self._overflows_before + (session.report.overflows if session is not None else 0)

    def build(self, now: float, *, again: bool = False) -> bool:
        """Watch the root as it is now, instead of what was watched before; whether that worked.

        With `again`, everything counts as hinted at, as nobody knows what happened since.
        """
        self.stop()
        self._pause.begin(now)
        self._built_at = now
        self._real_path = os.path.realpath(self.root)
        self._folder = folder_of(self._real_path)
        why_not = unwatchable(self._real_path)
        if why_not:
            self.health = RootHealth(reason=why_not)
            return False
        self._distant = distant_below(self._real_path)
        try:
            self._session = self._started_session()
        except OSError as error:
            self.health = RootHealth(reason=refusal(error), alive=error.errno == errno.ENOSYS)
            return False
        if again:
            # The look that follows sees everything that happened before the watches were set.
            self.hints.lose()
        self._publish(self._session, "", now)
        return True

    def check(self, now: float) -> bool:
        """Examine the watch, and build it anew where that is called for and not too early; whether it did so."""
        session = self._session
        if self._built_at == float("-inf"):
            # Built before anybody told the time.
            self._built_at = now
        changed = folder_of(os.path.realpath(self.root)) != self._folder
        trouble = "another folder is in the root's place" if changed else ""
        if session is not None:
            self._ear.listen()
            trouble = trouble or self._trouble(session, now)
            if not trouble:
                self._pause.all_well(now)
            self._publish(session, trouble, now)
        due = session is None or trouble or self._retry_unwatched(session, now)
        may = changed or self._pause.over(now)
        if not (due and may and self.build(now, again=True)):
            return False
        self._notes.append(f"watched anew, as {trouble}" if trouble else "watched anew")
        return True

    def expect_canary(self, now: float) -> None:
        """The canary is about to sing: from now on its event is awaited."""
        if self._ear.listening:
            self._ear.expect(now)

    def forget_canary(self) -> None:
        """The canary could not sing."""
        self._ear.heard()

    def take_notes(self) -> list[str]:
        """Why it was watched anew, each time since this was asked last."""
        return [self._notes.popleft() for _ in range(len(self._notes))]

    def stop(self) -> None:
        """Stop watching; safe to repeat."""
        session = self._session
        if session is not None:
            self._overflows_before, self._session = self.overflows, None
            session.stop()

    def _started_session(self) -> InotifySession:
        try:
            # Only here, as the module needs Linux and a C library with inotify.
            from archived.rig.inotify import InotifySession
        except Exception as error:
            raise OSError(errno.ENOSYS, "there is no inotify on this system") from error

        canary = self._canary
        with_canary = canary is not None and canary.prepare()
        self._ear = Ear(listening=with_canary)
        session = InotifySession(
            self._real_path,
            also=canary.folder if canary is not None and with_canary else None,
            on_path=self._noticed,
            on_loss=self.hints.lose,
        )
        session.start()
        return session

    def _noticed(self, path: str, folder: bool) -> None:
        """Something happened at an absolute path. Called from a thread of the session's."""
        top = self._real_path.rstrip("/") + "/"
        if path.startswith(top):
            self.hints.add(path[len(top) :], folder=folder)
        elif path == self._real_path:
            self.hints.add("", folder=True)
        elif self._canary is not None and path.startswith(self._canary.folder):
            self._ear.heard()

    def _trouble(self, session: InotifySession, now: float) -> str:
        """Why the session has to be replaced; "" where all is well."""
        if not session.alive:
            return "a thread of the watcher ended"
        if self._ear.deaf(now):
            return "no events arrive, not even that of a test file of our own"
        if session.report.overflows:
            return (
                "events came faster than they could be taken; "
                "folders made meanwhile are not watched"
            )
        if session.report.errors:
            return f"the watcher met an error of its own ({session.report.last_error})"
        return ""

    def _retry_unwatched(self, session: InotifySession, now: float) -> bool:
        return bool(session.report.unwatched) and now - self._built_at > LONGEST_PAUSE

    def _publish(self, session: InotifySession, trouble: str, now: float) -> None:
        reasons = [trouble, unwatched_words(session.report), self._distant]
        if self._canary is not None:
            reasons.append(self._canary.trouble)
        self.health = RootHealth(
            events=True,
            reason="; ".join(reason for reason in reasons if reason),
            watched=session.watched,
            unwatched=len(session.report.unwatched),
            alive=session.alive and not self._ear.deaf(now),
        )


def folder_of(path: str) -> tuple[int, int] | None:
    """What tells a folder from another one in its place; None where there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino

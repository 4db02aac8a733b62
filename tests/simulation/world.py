"""The world around one rig's program: time, disks, the service, people, and how processes begin and end."""

from __future__ import annotations

import contextlib
import hashlib
import heapq
import random
import uuid
from collections import Counter
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import apsw

from archived import app
from archived.core.model import Direction, StorageLocation
from archived.errands import Finished
from archived.errors import AnotherDaemonError, StoreError
from archived.rig.hints import Hints
from archived.store import Store
from tests.builders import NOON
from tests.dying import Killed
from tests.simulation import wiring
from tests.simulation.disk import Disk, FileSystem, Mount
from tests.simulation.globus import Copy, Service, SimMover, Task, Trouble, raise_error, spooled
from tests.simulation.oracle import Oracle
from tests.simulation.recordings import Recording
from tests.simulation.remembering import Memory
from tests.simulation.story import DAY, HOUR, Action, Story

BEGINNING = NOON.timestamp()
START_AGAIN = 15.0
"""Seconds after which a service manager starts a process again."""
LEAPS = 0.8
"""How often a rest goes on until something is due, rather than for the story's own stride."""
LONGEST_LEAP = DAY
LONGEST_END = 40 * DAY
"""How long everything may take once nothing is wrong any more."""


class SilentLog:
    """Nobody reads it."""

    def _take(self, event: str, **fields: Any) -> None:
        pass

    debug = info = warning = error = _take


@dataclass(order=True)
class Due:
    """Something that happens at a time."""

    at: float
    number: int
    run: Callable[[], None] = field(compare=False)


class Process:
    """One life of the daemon."""

    def __init__(self, world: World, number: int) -> None:
        self.world, self.number = world, number
        self.dead = False
        self.wake = wiring.SimEvent(world.rest)
        self.stop = wiring.SimEvent(lambda seconds: world.pass_time(seconds, self))
        self.open: dict[tuple[str, str], Callable[[], Any]] = {}
        self.running: set[tuple[str, str]] = set()
        self.done: list[Finished] = []
        self.free: dict[str, list[float]] = {
            lane: [0.0] * number for lane, number in app.LANES.items()
        }

    def start(self, kind: str, subject: str, work: Callable[[], Any]) -> bool:
        """See `Errands.start`."""
        key = (kind, subject)
        if key in self.open:
            return False
        self.open[key] = work
        world = self.world
        lane = self.free[app.LANE_OF[kind]]
        thread = min(range(len(lane)), key=lane.__getitem__)
        took = world.time_of_errand(kind)
        lane[thread] = max(lane[thread], world.time) + took
        world.at(lane[thread], lambda: self._run(key))
        return True

    def _run(self, key: tuple[str, str]) -> None:
        if self.dead or key not in self.open:
            return
        world = self.world
        self.running.add(key)
        world.note(f"errand {key[0]} {key[1]}")
        world.oracle.errand(key)
        world.reached("errand")
        try:
            outcome = Finished(key, self.open[key](), None)
        except Exception as error:  # noqa: BLE001 - as the threads do
            outcome = Finished(key, None, error)
        self.running.discard(key)
        self.done.append(outcome)
        self.wake.set()

    def busy(self, kind: str, subject: str) -> bool:
        """See `Errands.busy`."""
        return (kind, subject) in self.open

    def under_way(self, *, but: Container[str] = ()) -> int:
        """See `Errands.under_way`."""
        return sum(kind not in but for kind, _ in self.open)

    def finished(self) -> list[Finished]:
        """See `Errands.finished`."""
        done, self.done = self.done, []
        # Threads end in no order; what came first need not be seen first.
        if len(done) > 1:
            self.world.chance("order").shuffle(done)
        for each in done:
            del self.open[each.key]
        return done

    def close(self) -> None:
        """See `ThreadErrands.close`."""


class World:
    """One story as it unfolds. `run` tells it to its end and raises `BrokenRuleError` where a rule was broken."""

    def __init__(self, story: Story, folder: Path, *, wary: bool = False) -> None:
        self.story, self.setting, self.folder = story, story.setting, folder
        self.time = BEGINNING
        self.offset = 0.0
        """By how much the rig's clock is wrong."""
        self.end = BEGINNING + story.setting.days * DAY
        self.healed = False
        self.numbers = 0
        self.agenda: list[Due] = []
        self.trace: list[str] = []
        self.hash = hashlib.sha256()
        self.figures: Counter[str] = Counter()
        self._chances: dict[str, random.Random] = {}
        self.disks = {
            path: Mount(path, Disk(10 + number, self.clock), Disk(20 + number, self.clock))
            for number, path in enumerate(wiring.ROOTS)
        }
        self.files = FileSystem(self.disks, lambda _what: self.reached("disk"))
        self.service = Service(
            now=lambda: self.time, read=self.read, on_put=self._put, on_task=self._submitted
        )
        self.service.seconds_a_file = self.setting.seconds_a_file
        self.service.bytes_a_second = self.setting.bytes_a_second
        self.recordings: list[Recording] = []
        self.hints: dict[str, Hints] = {}
        self.deaf_until = 0.0
        self.troubles: list[Trouble] = []
        self.store_trouble: tuple[str, int, int] | None = None
        self.traps: list[dict[str, Any]] = []
        self.hanging: dict[str, float] = {}
        self.without: frozenset[str] = frozenset()
        self.changes: dict[str, int] = {}
        self.down_until = 0.0
        self.late = 0.0
        self.process: Process | None = None
        self.depth = 0
        self.in_transaction: Callable[[], bool] = lambda: False
        self._locations: dict[str, StorageLocation] = {}
        self.memory = Memory(wary=wary)
        wiring.fresh_store(folder / "archived.db")
        self.oracle = Oracle(self)

    # -- time and chance ---------------------------------------------------------------------------------------

    def clock(self) -> tuple[float, int]:
        """True seconds, and what the rig's clock shows in nanoseconds."""
        return self.time, int((self.time + self.offset) * 1_000_000) * 1000

    def wall(self) -> datetime:
        """What the rig's clock shows."""
        return datetime.fromtimestamp(0, UTC) + timedelta(
            microseconds=int((self.time + self.offset) * 1_000_000)
        )

    def chance(self, what: str) -> random.Random:
        """Numbers for one purpose, so that what is drawn for another does not change them."""
        if what not in self._chances:
            self._chances[what] = random.Random(f"{self.setting.seed} {what}")
        return self._chances[what]

    def at(self, time: float, run: Callable[[], None]) -> None:
        """Let something happen at a time."""
        self.numbers += 1
        heapq.heappush(self.agenda, Due(time, self.numbers, run))

    def after(self, seconds: float, run: Callable[[], None]) -> None:
        """Let something happen after some time; with the healing of the world at the latest."""
        self.at(min(self.time + seconds, self.end), run)

    def pass_time(self, seconds: float, process: Process | None = None) -> None:
        """Let time go by, and happen what happens meanwhile; not longer than until the process is woken up."""
        end = self.time + seconds
        woken = False
        while True:
            self.service.go_on()
            if process is not None and (process.dead or process.stop.is_set()):
                return
            if process is not None and process.wake.is_set() and not woken:
                woken = True
                # A busy machine lets the loop turn only after some time, and then there may be more to see to.
                slow = self.chance("slow")
                late = slow.choice([1, 20, 60]) * slow.random() if slow.random() < 0.7 else 0.0
                end = min(end, self.time + late)
            if not self.agenda or self.agenda[0].at > end:
                break
            due = heapq.heappop(self.agenda)
            self.time = max(self.time, due.at)
            self.service.go_on()
            due.run()
            self.oracle.check()
        self.time = max(self.time, end)
        self.service.go_on()

    def rest(self, seconds: float) -> None:
        """Between two turns of the daemon."""
        process = self.process
        assert process is not None
        self.oracle.check()
        self.figures["turns"] += 1
        chance = self.chance("rest")
        # An errand that comes back ends the rest, as ever; what is left out are turns in which there is nothing to do.
        stride = self.setting.stride * (6 if self.healed else 1) * (4 if self.oracle.calm() else 1)
        rest = max(seconds, stride * chance.random() ** 2)
        if chance.random() < LEAPS:
            rest = max(rest, self._leap() + 0.2 * rest)
        self.pass_time(rest, process)
        if self.oracle.quiet() if self.healed else self.time >= self.end:
            process.stop.set()

    def _leap(self) -> float:
        """For how long nothing happens that the program could do anything about."""
        due = self.oracle.due()
        if due is None:
            return 0.0
        if self.agenda:
            due = min(due, self.agenda[0].at)
        return min(due - self.time, LONGEST_LEAP, 2 * self.setting.rescan if self.healed else DAY)

    def time_of_errand(self, kind: str) -> float:
        """How long an errand takes."""
        chance = self.chance(f"errand {kind}")
        until = self.hanging.get(kind, 0.0)
        if until > self.time and not self.healed:
            return (until - self.time) * (0.5 + chance.random())
        return chance.choice([0.01, 0.2, 1.0, 5.0, 20.0]) * (0.5 + chance.random())

    # -- what the doors lead to -----------------------------------------------------------------------------------

    def doors(self) -> wiring.Doors:
        """What the program finds."""
        chance = self.chance("program")
        return wiring.Doors(
            wall=self.wall,
            monotonic=lambda: self.time - BEGINNING,
            open_top=self.files.open_top,
            device_of=self.files.device_of,
            file_system_of=lambda path: self.disks[path].file_system,
            statement=self.statement,
            memory=self.memory,
            committed=self.committed,
            movers=wiring.SimMovers(self.mover),
            errands=self._errands,
            watcher=lambda roots: wiring.SimWatcher(self.hints, roots),
            uuid=lambda: uuid.UUID(int=chance.getrandbits(128), version=4),
            jitter=chance.random,
        )

    def _errands(self, _wake: Callable[[], None]) -> Process:
        assert self.process is not None
        return self.process

    def mover(self, location: StorageLocation) -> SimMover:
        """The mover of a location."""
        return SimMover(self.service, location, self.called)

    def called(self, verb: str, after: bool) -> None:
        """The program called the service."""
        self.reached(f"{'after' if after else 'before'} {verb}")
        if not after:
            self.figures["calls"] += 1
            self.oracle.called(verb)
        for trouble in self.troubles:
            if (trouble.verb, trouble.after) != (verb, after):
                continue
            if trouble.skip > 0:
                trouble.skip -= 1
            elif trouble.times > 0:
                trouble.times -= 1
                self.figures[f"fault {trouble.error} {'after' if after else 'before'}"] += 1
                self.note(f"{verb} meets {trouble.error}")
                raise_error(trouble.error)

    def read(self, location: StorageLocation, path: str) -> bytes | None:
        """What the service finds on the rig."""
        if location.root not in self.disks:
            return spooled(location, path)
        disk = self.disks[location.root].seen()
        node = None if disk is None else disk.find(path)
        return None if node is None or node.denied else node.content

    def _put(self, task: Task, item: Any, before: Copy | None, content: bytes | None) -> None:
        self.oracle.put(task, item, before, content)

    def _submitted(self, task: Task) -> None:
        self.figures["tasks"] += 1
        self.note(f"the service begins {task.id} with {len(task.order.items)} files")
        self.oracle.submitted(task)

    def statement(self, kind: str) -> None:
        """The daemon's store is about to run a statement."""
        self._still_alive()
        self.figures["statements"] += 1
        self.reached("commit" if kind == "commit" else "statement")
        if self.store_trouble is None:
            return
        what, count, times = self.store_trouble
        if what in ("begin", "commit", "commit lost") and kind != what:
            return
        if count > 0:
            self.store_trouble = (what, count - 1, times)
            return
        self.store_trouble = (what, 0, times - 1) if times > 1 else None
        self.figures[f"store {what}"] += 1
        self.note(f"the store: {what}")
        raise {
            "full": apsw.FullError("database or disk is full"),
            "locked": apsw.BusyError("database is locked"),
            "broken": apsw.IOError("disk I/O error"),
            "begin": apsw.BusyError("database is locked"),
            "commit": apsw.FullError("database or disk is full"),
        }[what]

    def committed(self) -> None:
        """A transaction of the daemon was committed: as with a server, whose answer may be lost."""
        if self.store_trouble is None or self.store_trouble[0] != "commit lost":
            return
        _, count, times = self.store_trouble
        if count > 0:
            self.store_trouble = ("commit lost", count - 1, times)
            return
        self.store_trouble = None
        self.figures["store commit lost"] += 1
        self.note("the store: committed, and said that it was not")
        raise apsw.IOError("connection lost")

    def reached(self, point: str) -> None:
        """The program is at a point where something may happen."""
        self._still_alive()
        for trap in [each for each in self.traps if each["point"] == point]:
            trap["count"] -= 1
            if trap["count"] == 0:
                self._spring(trap)

    def _still_alive(self) -> None:
        if self.process is not None and self.process.dead:
            raise Killed

    def _spring(self, trap: dict[str, Any]) -> None:
        from tests.simulation.happenings import happen

        person = trap["then"] == "operator"
        if self.depth or (person and (self.in_transaction() or trap["point"] == "commit")):
            # A person's program would wait for the transaction to end.
            trap["count"] = 1
            return
        self.traps.remove(trap)
        self.figures[f"trap at {trap['point'].split()[0]}"] += 1
        self.note(f"at {trap['point']}: {trap['do']}")
        self.depth += 1
        try:
            happen(self, Action(self.time - BEGINNING, trap["do"], trap["words"]))
        finally:
            self.depth -= 1

    def note(self, text: str) -> None:
        """Remember what happened, for people, and for comparing two runs."""
        seconds = self.time - BEGINNING
        day, rest = divmod(seconds, DAY)
        line = f"day {day:.0f} {rest // HOUR:02.0f}:{rest % HOUR // 60:02.0f}:{rest % 60:06.3f}  {text}"
        self.hash.update(line.encode(errors="surrogateescape"))
        self.trace.append(line)

    # -- the course of things ----------------------------------------------------------------------------------------

    def run(self) -> None:
        """Tell the story to its end, then mend everything and see whether all ends well."""
        from tests.simulation.happenings import happen, heal, in_its_own_way

        for action in self.story.actions:
            self.at(BEGINNING + action.at, lambda action=action: happen(self, action))
        with wiring.simulated(self.doors()):
            while self.time < self.end:
                self._live()
            heal(self)
            self.healed = True
            self.end = self.time + LONGEST_END
            while not self.oracle.quiet() or in_its_own_way(self):
                if self.time >= self.end:
                    self.oracle.complain("progress", self.oracle.what_is_left())
                self._live()
            self.oracle.check_the_end()
        self.figures["seconds"] += round(self.time - BEGINNING)
        self.hash.update(self.oracle.digest())

    def _live(self) -> None:
        """One life of the process, and what follows it."""
        if self.down_until > self.time:
            self.pass_time(min(self.down_until, self.end) - self.time)
            if self.time >= self.end:
                return
        self.figures["processes"] += 1
        process = self.process = Process(self, self.figures["processes"])
        self.note(f"process {process.number} begins")
        configuration = wiring.configuration(
            self.setting, self.folder, without=self.without, **self.changes
        )
        try:
            with app.assembled(
                configuration,
                SilentLog(),
                stop=process.stop,  # type: ignore[arg-type]
                wake=process.wake,  # type: ignore[arg-type]
                hurry=self.setting.hurry,
                pid=process.number,
            ) as application:
                door = application.store._door
                self.in_transaction = lambda: door.in_transaction
                application.run(after_tick=self.oracle.check)
        except Killed:
            self.note("it was killed")
            self.figures["kills"] += 1
        except (AnotherDaemonError, StoreError) as error:
            self.note(f"it ended: {type(error).__name__}")
            if isinstance(error, StoreError) and error.permanent:
                self.oracle.complain("store", f"the store is of no use any more: {error}")
            self.figures["ended by the store"] += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody expected it
            self.oracle.complain("alive", f"the program died of {type(error).__name__}: {error}")
        finally:
            self._bury(process)
        self.oracle.check()
        self.pass_time(START_AGAIN)

    def _bury(self, process: Process) -> None:
        """What the process had sent may arrive after its death."""
        process.dead = True
        self.process = None
        self.in_transaction = lambda: False
        self.depth = 0
        chance = self.chance("late")
        for (kind, _), work in process.open.items():
            if kind in ("submit", "cancel") and self.late and chance.random() < 0.7:
                self.after(self.late * chance.random(), lambda work=work: self._arrive(work))
        self.late = 0.0

    def _arrive(self, work: Callable[[], Any]) -> None:
        self.figures["late calls"] += 1
        self.note("what a dead process had sent arrives")
        known = set(self.service.tasks)
        with contextlib.suppress(Exception):
            work()
        for task in self.service.tasks.values():
            task.late = task.late or task.id not in known

    def location(self, name: str) -> StorageLocation:
        """A location, whether it is in the configuration just now or not."""
        if name not in self._locations:
            found = wiring.configuration(self.setting, self.folder, without=frozenset())
            self._locations |= {each.location.name: each.location for each in found.locations}
        return self._locations[name]

    @contextlib.contextmanager
    def people(self) -> Iterator[Store]:
        """The store, as a person's command opens it."""
        try:
            with Store.open(str(self.folder / "archived.db"), rig="simulated") as store:
                yield store
        finally:
            self.memory.clear()

    def is_record(self, task: Task) -> bool:
        """Whether a task moves what the archive is told."""
        return task.order.direction is Direction.RECORD

"""What each kind of action does to the world."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from archived import app
from archived.core.lifecycle import State
from archived.core.model import FileState
from archived.errors import (
    AnotherDaemonError,
    MoveRefusedError,
    RootUnavailableError,
)
from archived.rig.hints import Hints
from archived.rig.root import Root
from archived.store import Store
from tests.dying import Killed
from tests.simulation import commands, wiring
from tests.simulation.disk import Disk
from tests.simulation.globus import Copy, Task, Trouble, destination
from tests.simulation.recordings import PROGRAMS, Recording, folder_of
from tests.simulation.story import Action
from tests.simulation.world import SilentLog, World

LOCATION_OF = {
    "spikeglx": "raw-ephys",
    "catgt": "raw-ephys",
    "video": "raw-video",
    "photon": "photon",
}
ODD_NAMES = (
    "new\nline.txt",
    "\x1b[31mred.txt",
    "‮txt.exe",
    "-rf",
    "=cmd|'x'.csv",
    "caf\udce9.txt",
    "é.txt",
    "e\u0301.txt",
    "x" * 200 + ".txt",
    "blank ",
    "%s%n.txt",
)
STRAYS = (
    "DL004/nonsense/a.bin",
    "SC001/SC001_999999_g0/x.bin",
    "SC001/catgt_SC002_022311_g0/x.bin",
    "notes.txt",
    "..SC/x",
    "$RECYCLE.BIN/x",
    ".archived/v1/x",
)

Words = Mapping[str, Any]


def happen(world: World, action: Action) -> None:
    """Let an action happen; one that makes no sense now does nothing."""
    told = ", ".join(f"{key}={value!r}" for key, value in action.words.items())
    world.note(f"* {action.kind}({told})")
    world.figures[f"action {action.kind}"] += 1
    HAPPENINGS[action.kind](world, action.words)


def chosen(world: World, pick: int) -> tuple[Disk, str, str] | None:
    """A file of some recording: its disk, its root, its path."""
    everything = [
        (mount.disk, root, path)
        for root, mount in sorted(world.disks.items())
        for path, _ in mount.disk.files()
    ]
    return everything[pick % len(everything)] if everything else None


def of_path(world: World, root: str, path: str) -> Recording | None:
    """The recording that a path belongs to."""
    return next(
        (
            each
            for each in world.recordings
            if each.root == root and path.startswith(f"{each.folder}/")
        ),
        None,
    )


def hint(world: World, root: str, path: str) -> None:
    """An event tells that something happened there, unless it is lost."""
    chance = world.chance("events")
    if chance.random() >= world.setting.events or world.time < world.deaf_until:
        return
    paths = {path, path.rpartition("/")[0]} if chance.random() < 0.5 else {path}
    known = world.hints.get(root, Hints(frozenset(), False))
    world.hints[root] = Hints(known.paths | paths, known.everything)
    if world.process is not None and not world.depth:
        world.process.wake.set()


# -- recordings ----------------------------------------------------------------------------------------------------


def record(world: World, words: Words) -> None:
    """A recording begins, or goes on where one of that name is."""
    program = words["program"]
    folder = folder_of(program, words["animal"], words["day"], words["number"])
    location = LOCATION_OF[program]
    root = "/rig/b" if location == "photon" else "/rig/a"
    if any(each.root == root and each.folder == folder for each in world.recordings):
        return
    recording = Recording(root, folder, program, location, iter(()))
    world.recordings.append(recording)
    _go_on(world, recording, words["trials"], words["pace"], words["spoil"])


def _go_on(world: World, recording: Recording, trials: int, pace: float, spoil: str) -> None:
    disk = world.disks[recording.root].disk
    chance = world.chance(f"recording {recording.folder}")

    def write(path: str, content: bytes) -> None:
        if spoil == "no meta" and path.endswith(".meta"):
            return
        if spoil == "short" and path.endswith(".bin"):
            content = content[: len(content) // 2]
        disk.write(path, content)
        hint(world, recording.root, path)

    recording.finished = False
    if pace * 1.5 >= 60 and recording.kind in ("catgt", "photon"):
        # It may rest for longer than the quiet time, and then write into what was archived.
        recording.tampered = True
    if spoil:
        recording.spoilt = spoil
    if spoil == "no meta" or spoil == "short":
        recording.open = {}
    recording.steps = PROGRAMS[recording.kind](write, recording, chance, trials)
    steps = chance.randint(1, 4) if spoil == "crash" else 1_000_000

    def step(left: int) -> None:
        try:
            told = next(recording.steps)
        except StopIteration:
            recording.finished = True
            return
        except OSError:
            recording.tampered = True
            return
        if spoil in ("no meta", "short"):
            recording.open = {}
        world.note(f"{recording.folder}: {told}")
        if left > 1:
            world.after(pace * (0.5 + chance.random()), lambda: step(left - 1))

    step(steps)


def more(world: World, words: Words) -> None:
    """More trials of a recording that was through."""
    through = [each for each in world.recordings if each.finished and each.kind == "video"]
    if through:
        recording = through[words["pick"] % len(through)]
        _go_on(world, recording, words["trials"], words["pace"], "")
        # Its map of trials is written anew, which only a person may archive over the first one.
        recording.tampered = True


def _tamper(world: World, words: Words, change: Callable[[Disk, str, bytes], None]) -> None:
    found = chosen(world, words["pick"])
    if found is None:
        return
    disk, root, path = found
    recording = of_path(world, root, path)
    if recording is not None:
        recording.tampered = True
    content = disk.content(path)
    assert content is not None
    world.note(f"  {path!r}")
    change(disk, path, content)
    hint(world, root, path)


def touch(world: World, words: Words) -> None:
    """A file is written to in place, with as many other bytes."""

    def change(disk: Disk, path: str, content: bytes) -> None:
        disk.write(path, random.Random(words["pick"]).randbytes(len(content)))

    _tamper(world, words, change)


def append(world: World, words: Words) -> None:
    """A file grows."""

    def change(disk: Disk, path: str, content: bytes) -> None:
        disk.write(path, content + bytes(words["size"]))

    _tamper(world, words, change)


def replace(world: World, words: Words) -> None:
    """Another file of the same size takes the place of one, perhaps with its time."""

    def change(disk: Disk, path: str, content: bytes) -> None:
        other = random.Random(words["pick"]).randbytes(len(content))
        disk.replace(path, other, keep_mtime=words["keep"])

    _tamper(world, words, change)


def delete(world: World, words: Words) -> None:
    """A file leaves the rig."""
    _tamper(world, words, lambda disk, path, _content: disk.remove(path))


def delete_folder(world: World, words: Words) -> None:
    """The whole recording of a file leaves the rig."""

    def change(disk: Disk, path: str, _content: bytes) -> None:
        recording = next(
            (each for each in world.recordings if path.startswith(f"{each.folder}/")), None
        )
        disk.remove(path if recording is None else recording.folder)

    _tamper(world, words, change)


def rename(world: World, words: Words) -> None:
    """A file gets another name."""

    def change(disk: Disk, path: str, _content: bytes) -> None:
        disk.rename(path, f"{path}.old")

    _tamper(world, words, change)


def odd_file(world: World, words: Words) -> None:
    """A file with an odd name appears in a recording."""
    name = ODD_NAMES[words["name"] % len(ODD_NAMES)]

    def change(disk: Disk, path: str, _content: bytes) -> None:
        above = path.rpartition("/")[0]
        disk.write(f"{above}/{name}", b"odd")

    _tamper(world, words, change)


def stray(world: World, words: Words) -> None:
    """Something that is no recording appears, or a link."""
    disk = world.disks["/rig/a"].disk
    name = STRAYS[words["name"] % len(STRAYS)]
    try:
        disk.write(name, b"stray")
        if words["name"] % 2:
            disk.link(f"{name}.link")
    except OSError:
        return
    hint(world, "/rig/a", name)


# -- disks ---------------------------------------------------------------------------------------------------------


def mount(world: World, words: Words) -> None:
    """Something happens to what is mounted at a root."""
    path = wiring.ROOTS[words["root"] % len(wiring.ROOTS)]
    here = world.disks[path]
    here.state = words["state"]
    if here.state == "other" and here.other is None:
        here.other = Disk(here.disk.device + 20, world.clock)
        here.other.write("SC009/SC009_022311_g0/x.txt", b"of another rig")

    def mend() -> None:
        here.state = "mounted"

    world.after(words["lasts"], mend)


def _somewhere(world: World, words: Words) -> tuple[Disk, str] | None:
    found = chosen(world, words["pick"])
    if found is None:
        return None
    disk, _, path = found
    if not words["folder"]:
        return disk, path
    parts = path.split("/")
    return disk, "/".join(parts[: 1 + words["pick"] % max(1, len(parts) - 1)])


def deny(world: World, words: Words) -> None:
    """A file or a folder may not be read for some time."""
    found = _somewhere(world, words)
    if found is None:
        return
    node = found[0].find(found[1])
    assert node is not None
    node.denied = True

    def mend() -> None:
        node.denied = False
        # What could not be read is readable again, and only its time of change tells.
        node.ctime_ns = world.clock()[1]
        for path, each in found[0].files():
            # It may have another name by now.
            if each is node:
                found[0]._remember(path, node)

    world.after(words["lasts"], mend)


def disk_error(world: World, words: Words) -> None:
    """The next accesses to a file or a folder fail."""
    found = _somewhere(world, words)
    if found is not None:
        world.files.failing[found[1]] = words["times"]


def lose_events(world: World, words: Words) -> None:
    """No event arrives for some time."""
    world.deaf_until = world.time + words["lasts"]


def all_events(world: World, words: Words) -> None:
    """The kernel dropped events, and said so."""
    root = wiring.ROOTS[words["pick"] % len(wiring.ROOTS)]
    if world.setting.events:
        world.hints[root] = Hints(frozenset(), True)


# -- the service ---------------------------------------------------------------------------------------------------


def _for_a_while(name: str, value: Any, otherwise: Any) -> Callable[[World, Words], None]:
    def change(world: World, words: Words) -> None:
        setattr(world.service, name, value)
        world.after(words["lasts"], lambda: setattr(world.service, name, otherwise))

    return change


def suspend(world: World, words: Words) -> None:
    """All tasks are suspended for some time."""
    for task in world.service.tasks.values():
        task.suspended = task.under_way

    def mend() -> None:
        for task in world.service.tasks.values():
            task.suspended = False

    world.after(words["lasts"], mend)


def slow_service(world: World, words: Words) -> None:
    """Everything takes longer."""
    service, setting = world.service, world.setting
    service.seconds_a_file = setting.seconds_a_file * words["factor"]

    def mend() -> None:
        service.seconds_a_file = setting.seconds_a_file

    world.after(words["lasts"], mend)


def break_file(world: World, words: Words) -> None:
    """Moving a file runs into a fault."""
    found = chosen(world, words["pick"])
    if found is not None:
        path = found[2]
        world.service.broken[path] = words["code"]
        world.after(words["lasts"], lambda: world.service.broken.pop(path, None))


def _place(world: World, words: Words) -> tuple[str, str] | None:
    """A file of a recording, and its place in the archive."""
    found = chosen(world, words["pick"])
    recording = None if found is None else of_path(world, found[1], found[2])
    if found is None or recording is None:
        return None
    return found[2], destination(world.location(recording.location), found[2])


def unlisted(world: World, words: Words) -> None:
    """A file is moved, and no task lists it."""
    if (place := _place(world, words)) is not None:
        world.service.unlisted.add(place[1])


def lost_on_arrival(world: World, words: Words) -> None:
    """A file that is moved next does not arrive whole, whatever the task says."""
    if (place := _place(world, words)) is not None:
        world.service.lost_on_arrival[place[0]] = words["how"]


def squat(world: World, words: Words) -> None:
    """Somebody else puts a file where one of ours is to go."""
    if (place := _place(world, words)) is None or place[1] in world.service.archive:
        return
    path, where = place
    if any(where in task.paths for task in world.service.tasks.values()):
        return
    found = chosen(world, words["pick"])
    assert found is not None
    content = found[0].content(path)
    assert content is not None
    same = words["same"]
    world.service.archive[where] = Copy(
        content if same else b"of somebody else", "somebody", world.time
    )
    world.oracle.squatted[where] = world.time
    recording = of_path(world, found[1], path)
    assert recording is not None
    recording.tampered = True


def _task(world: World, words: Words, *, ended: bool) -> Task | None:
    tasks = [each for each in world.service.tasks.values() if each.under_way != ended]
    return tasks[words["pick"] % len(tasks)] if tasks else None


def forget(world: World, words: Words) -> None:
    """The service forgets a task that ended."""
    if (task := _task(world, words, ended=True)) is not None:
        world.service.forget(task)


def shy(world: World, words: Words) -> None:
    """The service says once that it does not know a task, which goes on."""
    if (task := _task(world, words, ended=False)) is not None:
        world.service.shy.add(task.id)


def end_task(world: World, words: Words) -> None:
    """A task is ended by somebody."""
    if (task := _task(world, words, ended=False)) is not None:
        world.service.end(task, words["code"])


def unseen(world: World, words: Words) -> None:
    """A folder of the archive may not be listed."""
    if (place := _place(world, words)) is not None:
        folder = place[0].rpartition("/")[0]
        world.service.unseen.add(folder)
        world.after(words["lasts"], lambda: world.service.unseen.discard(folder))


def _spoil(world: World, words: Words) -> str | None:
    wheres = sorted(where for where, copy in world.service.archive.items() if copy.whole)
    if not wheres:
        return None
    where = wheres[words["pick"] % len(wheres)]
    world.oracle.spoilt_in_archive.add(where)
    for recording in world.recordings:
        if destination(world.location(recording.location), recording.folder) + "/" in where:
            recording.tampered = True
    return where


def rot(world: World, words: Words) -> None:
    """What the archive holds becomes something else, of the same size."""
    if (where := _spoil(world, words)) is not None:
        copy = world.service.archive[where]
        copy.content = bytes(255 - each for each in copy.content)


def lose(world: World, words: Words) -> None:
    """The archive loses a file."""
    if (where := _spoil(world, words)) is not None:
        del world.service.archive[where]


def trouble(world: World, words: Words) -> None:
    """The next calls of a verb run into something."""
    world.troubles.append(Trouble(**words))


# -- the process, and its store --------------------------------------------------------------------------------------


def store_trouble(world: World, words: Words) -> None:
    """A statement of the store will fail."""
    world.store_trouble = (words["what"], words["count"], words["times"])


def die(world: World, words: Words) -> None:
    """The process is killed, and started again after some time."""
    if world.process is None or world.process.dead:
        return
    world.process.dead = True
    world.down_until = world.time + words["away"]
    world.late = words["late"]
    raise Killed


def restart(world: World, _words: Words) -> None:
    """The process is asked to end, and is started again."""
    if world.process is not None:
        world.process.stop.set()


def second_daemon(world: World, _words: Words) -> None:
    """Somebody starts the program a second time."""
    if world.process is None or world.in_transaction():
        return
    configuration = wiring.configuration(world.setting, world.folder, without=world.without)
    never = wiring.SimEvent(lambda _seconds: None)
    try:
        with app.assembled(configuration, SilentLog(), stop=never, wake=never, pid=1_000_000):  # type: ignore[arg-type]
            world.oracle.complain("one daemon", "two daemons have the store at once")
    except AnotherDaemonError:
        return


def trap(world: World, words: Words) -> None:
    """Something will happen at a certain point of what the program does."""
    world.traps.append(dict(words))


def jump(world: World, words: Words) -> None:
    """The rig's clock is set."""
    world.offset += words["seconds"]
    world.oracle.jumped = world.time
    for recording in world.recordings:
        if not recording.finished and recording.kind in ("catgt", "photon"):
            # What is written to may look as if it had been quiet for long.
            recording.tampered = True


def hang(world: World, words: Words) -> None:
    """Errands of a kind take long."""
    world.hanging[words["errand"]] = world.time + words["lasts"]


# -- people ------------------------------------------------------------------------------------------------------------


def _people(world: World, act: Callable[[Store], None]) -> None:
    """A person's command. Where the daemon is in a transaction it would wait, so it is left out."""
    if world.in_transaction():
        return
    with world.people() as store:
        try:
            act(store)
        except MoveRefusedError:
            world.note("  refused")
    world.oracle.check()


def _name(world: World, words: Words, *states: State) -> list[str]:
    world.oracle.check()
    names = [
        "/".join(world.oracle.names[dataset])
        for dataset, state in sorted(world.oracle.states.items())
        if state in states
    ]
    return [names[words["pick"] % len(names)]] if names else []


def retry(world: World, words: Words) -> None:
    """A person has something tried again."""
    names = _name(world, words, State.FAILED, State.WAITING)
    _people(world, lambda store: store.retry(names, world.wall(), user="anna") and None)


def retry_all(world: World, _words: Words) -> None:
    """A person has everything tried again."""
    for dataset, state in sorted(world.oracle.states.items()):
        if state is State.FAILED:
            name = "/".join(world.oracle.names[dataset])
            _people(
                world,
                lambda store, name=name: store.retry([name], world.wall(), user="anna") and None,
            )  # type: ignore[misc]


def hold(world: World, words: Words) -> None:
    """A person holds something."""
    names = _name(world, words, State.SETTLING, State.READY, State.WAITING, State.FAILED)
    _people(world, lambda store: store.hold(names, world.wall(), user="anna") and None)


def release(world: World, words: Words) -> None:
    """A person releases something."""
    names = _name(world, words, State.HELD)
    _people(world, lambda store: store.release(names, world.wall(), user="anna") and None)


def accept(world: World, words: Words) -> None:
    """A person accepts something as it is."""
    names = _name(world, words, State.FAILED)
    _people(world, lambda store: _accepted(world, store, names, as_it_is=True))


def _accepted(world: World, store: Store, names: Sequence[str], *, as_it_is: bool) -> None:
    """That is their consent to what the rig holds; `as_it_is` where that may not be a whole recording."""
    store.accept(names, world.wall(), user="anna")
    for name in names:
        dataset = store.dataset(name)
        for each in world.recordings:
            if f"{each.location}/{each.folder}" == name:
                each.tampered = each.tampered or as_it_is
        for file in store.files(dataset.id):
            if file.state is FileState.PENDING:
                where = destination(world.location(dataset.location), file.path)
                consents = world.oracle.consents.setdefault(where, set())
                consents.add(file.stat.fingerprint)


def accept_root(world: World, words: Words) -> None:
    """A person says that the folder that is there now is the right one; they only say so when it is."""
    path = wiring.ROOTS[words["root"] % len(wiring.ROOTS)]
    if world.disks[path].state != "mounted":
        return
    try:
        identity = Root(path).identify()
    except RootUnavailableError:
        return
    _people(world, lambda store: store.put_setting(f"root:{path}", json.dumps(asdict(identity))))


def pause(world: World, words: Words) -> None:
    """A person says that nothing is to be sent for some time."""
    _people(world, lambda store: store.pause("lunch", world.wall()))
    world.after(words["lasts"], lambda: resume(world, {}))


def resume(world: World, _words: Words) -> None:
    """A pause is over."""
    _people(world, lambda store: store.resume())


def configure(world: World, words: Words) -> None:
    """The configuration is changed, and the program started anew with it."""
    world.changes.update(words)
    restart(world, {})


def without_location(world: World, words: Words) -> None:
    """A location is taken out of the configuration for some time."""
    names = sorted(wiring.LOCATIONS)
    world.without = frozenset([names[words["pick"] % len(names)]])
    restart(world, {})

    def mend() -> None:
        world.without = frozenset()
        restart(world, {})

    world.after(words["lasts"], mend)


def heal(world: World) -> None:
    """Nothing is wrong any more, and people see to what waits for them."""
    world.note("* all is mended")
    for mounted in world.disks.values():
        mounted.state = "mounted"
    world.files.failing.clear()
    world.troubles.clear()
    world.traps.clear()
    world.store_trouble = None
    world.hanging.clear()
    world.without = frozenset()
    world.offset, world.oracle.jumped = 0.0, world.time
    world.down_until = 0.0
    service = world.service
    service.online = service.connected = True
    service.full = False
    service.broken.clear()
    service.unseen.clear()
    service.lost_on_arrival.clear()
    service.shy.clear()
    for task in service.tasks.values():
        task.suspended = False
    resume(world, {})
    for number in range(len(wiring.ROOTS)):
        accept_root(world, {"root": number})
    world.oracle.check()
    for dataset, state in sorted(world.oracle.states.items()):
        if state is State.HELD:
            _ask(world, "release", dataset)
    for hours in (0, 8, 36, 80):
        world.at(world.time + hours * 3600, lambda: _see_to_it(world))


def _see_to_it(world: World) -> None:
    """A person tries again whatever failed, and accepts what only they can know to be theirs."""
    world.oracle.check()
    accepted = in_its_own_way(world)
    for dataset, state in sorted(world.oracle.states.items()):
        if dataset in accepted:
            names = ["/".join(world.oracle.names[dataset])]
            _people(world, partial(_accepted, world, names=names, as_it_is=False))
        elif state is State.FAILED:
            _ask(world, "retry", dataset)


def in_its_own_way(world: World) -> set[int]:
    """The failed datasets of which a file came to the archive by an order that was refused, and then arrived once more.

    A dead process had sent that before it was refused, and the catalogue knows of no such task.
    """
    known = {task for (task,) in world.oracle.ask("SELECT mover_task FROM batch")}
    arrived = {
        where
        for task in world.service.tasks.values()
        if task.late and task.id not in known
        for where in task.paths
    }
    failed = {
        dataset
        for dataset, state in world.oracle.states.items()
        if arrived and state is State.FAILED and _is_in_the_way(world, dataset)
    }
    return {
        file.dataset
        for file in world.oracle.files.values()
        if file.dataset in failed
        and file.state is not FileState.ARCHIVED
        and destination(world.location(world.oracle.names[file.dataset][0]), file.path) in arrived
    }


def _is_in_the_way(world: World, dataset: int) -> bool:
    [(reason,)] = world.oracle.ask("SELECT reason FROM dataset WHERE id = ?", dataset)
    return "which this catalogue did not send" in reason


def _ask(world: World, verb: str, dataset: int) -> None:
    name = "/".join(world.oracle.names[dataset])
    _people(world, lambda store: getattr(store, verb)([name], world.wall(), user="anna") and None)


HAPPENINGS: Mapping[str, Callable[[World, Words], None]] = {
    "record": record,
    "more": more,
    "touch": touch,
    "append": append,
    "replace": replace,
    "delete": delete,
    "delete folder": delete_folder,
    "rename": rename,
    "odd file": odd_file,
    "stray": stray,
    "mount": mount,
    "deny": deny,
    "disk error": disk_error,
    "lose events": lose_events,
    "all events": all_events,
    "offline": _for_a_while("online", False, True),
    "disconnected": _for_a_while("connected", False, True),
    "full": _for_a_while("full", True, False),
    "suspend": suspend,
    "slow service": slow_service,
    "break file": break_file,
    "unlisted": unlisted,
    "lost on arrival": lost_on_arrival,
    "squat": squat,
    "forget": forget,
    "shy": shy,
    "end task": end_task,
    "unseen": unseen,
    "rot": rot,
    "lose": lose,
    "trouble": trouble,
    "store trouble": store_trouble,
    "die": die,
    "restart": restart,
    "second daemon": second_daemon,
    "trap": trap,
    "jump": jump,
    "hang": hang,
    "retry": retry,
    "retry all": retry_all,
    "hold": hold,
    "release": release,
    "accept": accept,
    "accept root": accept_root,
    "pause": pause,
    "resume": resume,
    "discover": commands.discover,
    "verify": commands.verify,
    "backup": commands.backup,
    "configure": configure,
    "without location": without_location,
}
"""What happens, by the kind of action."""

"""What happens in one life of a rig: its setting, and a list of things that happen, all of it made from a seed.

Each thing stands alone, so that a story from which some were taken out is a story as well: that is how one that
breaks a rule is made short.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.simulation.recordings import PROGRAMS

HOUR = 3600.0
DAY = 24 * HOUR


@dataclass(frozen=True)
class Setting:
    """What is so from the beginning to the end. Times are in seconds."""

    seed: int
    days: float = 2.0
    quiet: int = 600
    rescan: int = 300
    deep_look: int = 86_400
    give_up: int = 86_400
    poll: int = 30
    batch_wait: int = 0
    max_files: int = 5000
    max_active: int = 3
    retry_first: int = 60
    retry_longest: int = 21_600
    deadline: int = 259_200
    order: str = "oldest"
    records: bool = False
    events: float = 1.0
    """The share of events that arrive; 0 for a rig without any."""
    stride: float = 600.0
    """How far a rest between two turns may reach while nothing is under way."""
    seconds_a_file: float = 5.0
    bytes_a_second: float = 200.0
    hurry: bool = False


@dataclass(frozen=True)
class Action:
    """One thing that happens, `at` seconds after the beginning."""

    at: float
    kind: str
    words: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        day, rest = divmod(self.at, DAY)
        hour, rest = divmod(rest, HOUR)
        told = ", ".join(f"{key}={value!r}" for key, value in self.words.items())
        return (
            f"day {day:.0f} {hour:02.0f}:{rest // 60:02.0f}:{rest % 60:02.0f}  {self.kind}({told})"
        )


@dataclass(frozen=True)
class Story:
    """A setting, and what happens."""

    setting: Setting
    actions: tuple[Action, ...]

    def to_json(self) -> str:
        """As it is kept in a file."""
        told = {
            "setting": asdict(self.setting),
            "actions": [asdict(each) for each in self.actions],
        }
        return json.dumps(told, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Story:
        """The inverse of `to_json`."""
        told = json.loads(text)
        actions = tuple(Action(**each) for each in told["actions"])
        return cls(Setting(**told["setting"]), actions)


VERBS = ("reserve", "submit", "poll", "receipts", "list", "stat", "cancel")
PASSING = ("away", "busy", "503")
LASTING = ("refused", "forbidden", "login", "missing", "bug")
KINDS_OF_ERRAND = ("look", "judge", "prepare", "submit", "poll", "cancel", "verify")
CODES = (
    "FILE_NOT_FOUND",
    "PERMISSION_DENIED",
    "SOURCE_PERMISSION_DENIED",
    "CONNECTION_RESET",
    "VERIFY_CHECKSUM",
    "NOT_A_FILE",
    "DESTINATION_REFUSES",
    "QUOTA_EXCEEDED",
    "NO_SPACE_LEFT",
    "EXTERNAL_CHECKSUM_MISMATCH",
    "CHECKSUM_UNSUPPORTED",
    "SOMETHING_NEW",
)

Chance = random.Random
Maker = Callable[[Chance], dict[str, Any]]


def _for(chance: Chance) -> float:
    """How long a trouble lasts: mostly short, sometimes a day."""
    return round(chance.choice([60, 600, 1800, 2 * HOUR, 8 * HOUR, 30 * HOUR]) * chance.random())


def _pick(chance: Chance) -> int:
    return chance.randrange(1 << 16)


def _trouble(chance: Chance) -> dict[str, Any]:
    return {
        "verb": chance.choice([*VERBS, "submit", "submit"]),
        "error": chance.choice(PASSING * 3 + LASTING),
        "after": chance.random() < 0.5,
        "times": chance.choice([1, 1, 2, 5]),
        "skip": chance.choice([0, 0, 1, 3]),
    }


def _store_trouble(chance: Chance) -> dict[str, Any]:
    return {
        "what": chance.choice(["full", "locked", "broken", "begin", "commit", "commit lost"]),
        "count": chance.choice([0, chance.randrange(30), chance.randrange(400)]),
        "times": chance.choice([1, 1, 3, 20]),
    }


def _trap(chance: Chance) -> dict[str, Any]:
    point = chance.choice(
        ["statement"] * 4
        + ["commit"] * 2
        + ["disk"]
        + [f"{when} {verb}" for verb in VERBS for when in ("before", "after")]
        + ["after submit", "before submit", "errand"]
    )
    wide = {"statement": 400, "commit": 60, "disk": 150}.get(point, 4)
    then = chance.choice(["die"] * 6 + ["write", "operator", "jump"])
    words: dict[str, Any] = {"point": point, "count": chance.randrange(wide) + 1, "then": then}
    if then == "write":
        words["do"] = chance.choice(["touch", "append", "replace", "delete"])
        words["words"] = TAMPERING[words["do"]](chance)
    elif then == "operator":
        words["do"] = chance.choice(["retry", "hold", "release", "accept", "pause", "backup"])
        words["words"] = OPERATING[words["do"]](chance)
    elif then == "jump":
        words["do"] = "jump"
        words["words"] = PROCESS["jump"](chance)
    else:
        words["do"] = "die"
        words["words"] = PROCESS["die"](chance)
    return words


TAMPERING: dict[str, Maker] = {
    "touch": lambda c: {"pick": _pick(c)},
    "append": lambda c: {"pick": _pick(c), "size": c.randint(1, 50)},
    "replace": lambda c: {"pick": _pick(c), "keep": c.random() < 0.5},
    "delete": lambda c: {"pick": _pick(c)},
    "delete folder": lambda c: {"pick": _pick(c)},
    "rename": lambda c: {"pick": _pick(c)},
    "odd file": lambda c: {"pick": _pick(c), "name": _pick(c)},
    "stray": lambda c: {"name": _pick(c)},
    "more": lambda c: {"pick": _pick(c), "trials": c.randint(1, 2), "pace": c.choice([5, 60, 900])},
}
DISK: dict[str, Maker] = {
    "mount": lambda c: {
        "root": _pick(c),
        "state": c.choice(["empty", "empty", "gone", "denied", "broken", "other"]),
        "lasts": _for(c),
    },
    "deny": lambda c: {"pick": _pick(c), "folder": c.random() < 0.5, "lasts": _for(c)},
    "disk error": lambda c: {
        "pick": _pick(c),
        "folder": c.random() < 0.5,
        "times": c.randint(1, 9),
    },
    "lose events": lambda c: {"lasts": _for(c)},
    "all events": lambda c: {"pick": _pick(c)},
}
SERVICE: dict[str, Maker] = {
    "offline": lambda c: {"lasts": _for(c)},
    "disconnected": lambda c: {"lasts": _for(c)},
    "full": lambda c: {"lasts": _for(c)},
    "suspend": lambda c: {"lasts": _for(c)},
    "slow service": lambda c: {"factor": c.choice([3, 30, 300]), "lasts": _for(c)},
    "break file": lambda c: {"pick": _pick(c), "code": c.choice(CODES), "lasts": _for(c)},
    "unlisted": lambda c: {"pick": _pick(c)},
    "lost on arrival": lambda c: {"pick": _pick(c), "how": c.choice(["half", "nothing"])},
    "squat": lambda c: {"pick": _pick(c), "same": c.random() < 0.3},
    "forget": lambda c: {"pick": _pick(c)},
    "shy": lambda c: {"pick": _pick(c)},
    "end task": lambda c: {"pick": _pick(c), "code": c.choice(["CANCELED_BY_ADMIN", "EXPIRED"])},
    "unseen": lambda c: {"pick": _pick(c), "lasts": _for(c)},
    "rot": lambda c: {"pick": _pick(c)},
    "lose": lambda c: {"pick": _pick(c)},
}
CALLS: dict[str, Maker] = {"trouble": _trouble}
STORE: dict[str, Maker] = {"store trouble": _store_trouble}
PROCESS: dict[str, Maker] = {
    "die": lambda c: {"away": c.choice([0, 0, 15, 600, 10 * HOUR]), "late": c.choice([0, 5, 90])},
    "restart": lambda _c: {},
    "second daemon": lambda _c: {},
    "jump": lambda c: {
        "seconds": c.choice([-1, 1]) * round(c.choice([30, HOUR, DAY]) * c.random())
    },
    "hang": lambda c: {"errand": c.choice(KINDS_OF_ERRAND), "lasts": _for(c) / 4},
}
TRAPS: dict[str, Maker] = {"trap": _trap}
OPERATING: dict[str, Maker] = {
    "retry": lambda c: {"pick": _pick(c)},
    "retry all": lambda _c: {},
    "hold": lambda c: {"pick": _pick(c)},
    "release": lambda c: {"pick": _pick(c)},
    "accept": lambda c: {"pick": _pick(c)},
    "accept root": lambda c: {"root": _pick(c)},
    "pause": lambda c: {"lasts": _for(c)},
    "resume": lambda _c: {},
    "discover": lambda c: {"pick": _pick(c)},
    "verify": lambda c: {"sample": c.choice([None, None, 3]), "believe": c.random() < 0.3},
    "backup": lambda _c: {},
    "configure": lambda c: {
        "max_files": c.choice([1, 3, 5000]),
        "quiet": c.choice([60, 600, 3600]),
        "max_active": c.choice([1, 3]),
    },
    "without location": lambda c: {"pick": _pick(c), "lasts": _for(c)},
}
GROUPS = (TAMPERING, DISK, SERVICE, CALLS, CALLS, STORE, PROCESS, TRAPS, TRAPS, OPERATING)
"""Each seed takes some of them, and some of what is in them."""


def story_of(seed: int) -> Story:
    """The story of a seed."""
    chance = random.Random(f"story {seed}")
    setting = _setting(seed, chance)
    end = setting.days * DAY
    # A rig works on some days, and rests on most: what happens is about the working ones.
    busy = [0.0, *(chance.random() * 0.7 * end for _ in range(round(setting.days / 10)))]
    recordings = [
        _recording(chance, chance.choice(busy), end)
        for _ in range(chance.randint(2, 7) + 2 * (len(busy) - 1))
    ]
    actions = list(recordings)
    for table in GROUPS:
        if chance.random() < 0.45:
            continue
        kinds = [kind for kind in table if chance.random() < 0.6]
        often = chance.choice([1, 3, 10, 25])
        for _ in range(chance.randint(1, often) * len(busy) if kinds else 0):
            kind = chance.choice(kinds)
            # Where something goes on, most of the time: a rig that rests has little to lose.
            at = chance.random() * end
            if chance.random() < (0.7 if len(busy) == 1 else 0.85):
                at = chance.choice(recordings).at + chance.expovariate(1 / (2 * HOUR))
            actions.append(Action(round(min(at, end)), kind, table[kind](chance)))
    actions.sort(key=lambda each: each.at)
    return Story(setting, tuple(actions))


def _setting(seed: int, chance: Chance) -> Setting:
    return Setting(
        seed,
        days=chance.choice([0.5, 1, 3, 7, 14, 28, 42]),
        quiet=chance.choice([60, 600, 600, 3600]),
        rescan=chance.choice([60, 300, 300, 1800]),
        deep_look=chance.choice([1800, 86_400]),
        give_up=chance.choice([7200, 86_400]),
        poll=chance.choice([10, 30, 300]),
        batch_wait=chance.choice([0, 0, 300, 3600]),
        max_files=chance.choice([1, 2, 3, 7, 5000, 5000]),
        max_active=chance.choice([1, 2, 3]),
        retry_first=chance.choice([10, 60]),
        retry_longest=chance.choice([600, 21_600]),
        deadline=chance.choice([7200, 259_200]),
        order=chance.choice(["oldest", "newest", "smallest"]),
        records=chance.random() < 0.3,
        events=chance.choice([0.0, 0.5, 1.0]),
        stride=chance.choice([300.0, 1200.0, 1200.0, 3600.0, 3600.0]),
        seconds_a_file=chance.choice([0.5, 5.0, 120.0]),
        bytes_a_second=chance.choice([5.0, 200.0, 20_000.0]),
        hurry=chance.random() < 0.1,
    )


def _recording(chance: Chance, begins: float, end: float) -> Action:
    return Action(
        round(begins + chance.random() ** 2 * min(end * 0.5, DAY)),
        "record",
        {
            "program": chance.choice(sorted(PROGRAMS)),
            "animal": chance.randint(1, 3),
            "day": chance.randint(1, 4),
            "number": chance.randint(0, 3),
            "trials": chance.randint(1, 3),
            "pace": chance.choice([1, 30, 300, 3000]),
            "spoil": chance.choice([""] * 7 + ["crash", "short", "no meta"]),
        },
    )

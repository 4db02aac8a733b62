"""Frozen dataclasses that are built when the first object is made are dataclasses like any other."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
import threading
from dataclasses import field
from typing import Any, ClassVar

import pytest

from archived.core.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """Like most of ours."""

    x: int
    y: int = 0
    names: tuple[str, ...] = field(default=(), repr=False, compare=False)
    kind: ClassVar[str] = "point"

    def moved(self) -> Point:
        return dataclasses.replace(self, x=self.x + 1)


@dataclass(frozen=True, kw_only=True)
class Place:
    """With objects that have a dictionary, and something to be done once one is made."""

    point: Point
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        object.__setattr__(self, "notes", [*self.notes, "made"])

    def __str__(self) -> str:
        return f"at {self.point.x}"


@dataclass(frozen=True)
class Home(Place):
    """With fields of its base."""

    number: int = field(default=1, kw_only=True)

    def __str__(self) -> str:
        return f"{super().__str__()}, number {self.number}, {self.shown}"

    @property
    def shown(self) -> str:
        """With a `super` of its own."""
        return super().__str__().upper()


def test_an_object_is_made_shown_and_compared_as_ever() -> None:
    assert repr(Point(1, names=("a",))) == "Point(x=1, y=0)"
    assert Point(1) == Point(1, 0, ("other",))
    assert Point(1) != Point(2)
    assert Point(1) != (1, 0, ())
    assert len({Point(1), Point(1, 0), Point(2)}) == 2
    assert Point(1).moved() == Point(2)
    assert Point.kind == "point"
    with pytest.raises(TypeError, match="x"):
        Point()  # type: ignore[call-arg]


def test_an_object_cannot_be_changed() -> None:
    point: Any = Point(1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        point.x = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        del point.x
    with pytest.raises((dataclasses.FrozenInstanceError, AttributeError)):
        point.other = 2
    assert not hasattr(point, "__dict__")


def test_an_object_can_be_taken_apart_and_copied() -> None:
    point = Point(1, 2)
    assert pickle.loads(pickle.dumps(point)) == copy.deepcopy(point) == copy.copy(point) == point
    assert dataclasses.asdict(point) == {"x": 1, "y": 2, "names": ()}
    assert [each.name for each in dataclasses.fields(Point)] == ["x", "y", "names"]
    match point:
        case Point(x, y):
            assert (x, y) == (1, 2)


def test_what_a_class_says_itself_stays() -> None:
    home = Home(point=Point(3), notes=["first"])
    assert str(home) == "at 3, number 1, AT 3"
    assert home.notes == ["first", "made"]
    assert dataclasses.replace(home, number=2).number == 2
    assert Home(point=Point(3)) != Place(point=Point(3))


def test_threads_may_make_the_first_object_at_once() -> None:
    for _ in range(20):

        @dataclass(frozen=True, slots=True)
        class Fresh:
            x: int

        gate, made = threading.Barrier(4), []

        def make(
            fresh: type[Fresh] = Fresh, gate: threading.Barrier = gate, made: list[Any] = made
        ) -> None:
            gate.wait()
            made.append(fresh(1))

        threads = [threading.Thread(target=make) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert made == [Fresh(1)] * 4


def test_a_thread_that_came_second_goes_on_with_what_the_first_made() -> None:
    @dataclass(frozen=True, slots=True)
    class Fresh:
        x: int

    looked_up = vars(Fresh)["__init__"]
    first = Fresh(1)

    second = object.__new__(Fresh)
    looked_up.__get__(second, Fresh)(1)
    assert second == first


def test_an_object_may_come_out_of_a_pickle_before_any_was_made() -> None:
    from archived.core.model import Checksum

    content = pickle.dumps(Checksum("SHA256", "0"))
    code = f"import pickle\nfound = pickle.loads({content!r})\nassert found == type(found)('SHA256', '0'), found"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_nothing_is_built_before_it_is_needed() -> None:
    code = (
        "import archived.core.model, archived.config.settings\n"
        "built = [name for each in (archived.core.model, archived.config.settings) for name, kind in vars(each).items()"
        " if isinstance(kind, type) and hasattr(vars(kind).get('__init__'), '__code__')]\n"
        "assert built == [], built"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

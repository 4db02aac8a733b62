"""Spoils inputs: the same seed of the generator gives the same input, so that whatever it shows can be shown again."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable, Sequence
from typing import Any

from tests.fuzz.target import Shape, Target

SEPARATOR = b"\n--next--\n"
"""Between the documents of an input that has several."""

NUMBERS = (
    0, 1, 2, 3, 4, 7, 8, 15, 16, 127, 128, 255, 256, 4095, 4096, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**32,
    2**53, 2**63 - 1, 2**63, 2**64 - 1,
)  # fmt: skip
"""What a field of a length says when it lies."""

NASTY_TEXTS = (
    "", " ", "\n", "\r\n", "\t", "\0", "\x1b[31m", "\x1b]8;;http://x\x07", "\x9b31m", "\u202e", "\u200b", "\ufeff", "\ud800",
    "\udcff", "é", "e\u0301", "日本", "../", "..", ".", "/", "//", "\\", "C:\\x", "CON", "%s", "{}", "{0}", "$(id)", "`id`",
    "'", '"', "--", ";", "=1+1", "@x", "-1", "+1", "[red]", "<b>", "NaN", "null", "1e999", "0x10", "\u0661", "\u00b2",
    "a" * 300, "/" * 300, "(" * 300, "[" * 300, "{" * 300, " " * 300, "\\" * 300,
)  # fmt: skip

NASTY_VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**30, 10**400, 0.5, -0.0, 1e308, float("inf"),
    float("nan"), [], {}, [[]], [{}], {"": {}}, [None], "x", "0", "2019-02-23", "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
)  # fmt: skip


def mutate(generator: random.Random, target: Target, corpus: Sequence[bytes]) -> bytes:
    """One spoiled input, made of one or two of the corpus."""
    data = generator.choice(corpus)
    if target.shape is Shape.JSON and generator.random() < 0.7:
        data = _spoil_json(generator, data)
        if generator.random() < 0.8:
            return data[: target.longest]
    for _ in range(_few(generator)):
        data = _spoil(generator, data, target, corpus)
    return data[: target.longest]


def _few(generator: random.Random) -> int:
    return 1 if generator.random() < 0.5 else generator.randint(2, 8)


def _spoil(generator: random.Random, data: bytes, target: Target, corpus: Sequence[bytes]) -> bytes:
    ways: list[Callable[[], bytes]] = [
        lambda: _flip(generator, data),
        lambda: _overwrite(generator, data, bytes([generator.randrange(256)])),
        lambda: data[: _place(generator, data)],
        lambda: data[_place(generator, data) :],
        lambda: _cut_out(generator, data),
        lambda: _repeat(generator, data),
        lambda: _splice(generator, data, generator.choice(corpus)),
        lambda: _insert(generator, data, bytes(generator.choice((1, 2, 4, 8, 100)))),
        lambda: _zeros_to_the_end(generator, data),
    ]
    if target.shape is Shape.BYTES:
        ways += 3 * [lambda: _overwrite(generator, data, _number(generator))]
    else:
        ways += 2 * [lambda: _insert(generator, data, _text(generator))]
        ways += [lambda: _lines(generator, data), lambda: _digits(generator, data)]
    if target.tokens:
        ways += 2 * [lambda: _insert(generator, data, generator.choice(target.tokens))]
        ways += [lambda: _overwrite(generator, data, generator.choice(target.tokens))]
    return generator.choice(ways)()


def _place(generator: random.Random, data: bytes) -> int:
    """Anywhere; more often near the ends, where headers and closing structures are."""
    if not data:
        return 0
    near = min(len(data), 64)
    if (luck := generator.random()) < 0.35:
        return generator.randrange(near)
    return len(data) - generator.randrange(near) if luck < 0.6 else generator.randrange(len(data))


def _flip(generator: random.Random, data: bytes) -> bytes:
    if not data:
        return data
    at = min(_place(generator, data), len(data) - 1)
    return data[:at] + bytes([data[at] ^ (1 << generator.randrange(8))]) + data[at + 1 :]


def _overwrite(generator: random.Random, data: bytes, new: bytes) -> bytes:
    at = _place(generator, data)
    return data[:at] + new + data[at + len(new) :]


def _insert(generator: random.Random, data: bytes, new: bytes) -> bytes:
    at = _place(generator, data)
    return data[:at] + new + data[at:]


def _cut_out(generator: random.Random, data: bytes) -> bytes:
    at = _place(generator, data)
    return data[:at] + data[at + generator.choice((1, 2, 4, 8, 64, 512)) :]


def _repeat(generator: random.Random, data: bytes) -> bytes:
    at, length = _place(generator, data), generator.choice((1, 2, 8, 16, 64, 512))
    times = generator.choice((2, 3, 10, 100, 1000))
    return data[:at] + data[at : at + length] * times + data[at + length :]


def _splice(generator: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: _place(generator, data)] + other[_place(generator, other) :]


def _zeros_to_the_end(generator: random.Random, data: bytes) -> bytes:
    """What a power failure leaves."""
    at = _place(generator, data)
    return data[:at] + bytes(len(data) - at)


def _number(generator: random.Random) -> bytes:
    number = generator.choice(NUMBERS)
    form = generator.choice(("<H", ">H", "<I", ">I", "<Q", ">Q"))
    return struct.pack(form, number % (1 << 8 * struct.calcsize(form)))


def _text(generator: random.Random) -> bytes:
    text = generator.choice((*NASTY_TEXTS, *map(str, NUMBERS)))
    return text.encode("utf-8", "surrogateescape" if "\ud800" not in text else "surrogatepass")


def _lines(generator: random.Random, data: bytes) -> bytes:
    """Shuffle, repeat or take out whole lines."""
    lines = data.split(b"\n")
    at, other = generator.randrange(len(lines)), generator.randrange(len(lines))
    way = generator.randrange(3)
    if way == 0:
        lines[at], lines[other] = lines[other], lines[at]
    elif way == 1:
        lines[at:at] = [lines[other]] * generator.choice((1, 2, 50))
    else:
        del lines[at]
    return b"\n".join(lines)


def _digits(generator: random.Random, data: bytes) -> bytes:
    """Put another number where one stands."""
    places = [at for at, byte in enumerate(data) if 0x30 <= byte <= 0x39]
    if not places:
        return data
    begin = end = generator.choice(places)
    while end < len(data) and 0x30 <= data[end] <= 0x39:
        end += 1
    new = generator.choice((*map(str, NUMBERS), "-1", "9" * 5000, "0" * 50, "1.5", "1e400", ""))
    return data[:begin] + new.encode() + data[end:]


def _spoil_json(generator: random.Random, data: bytes) -> bytes:
    """Put something else in the place of a value, take keys away, repeat entries, nest.

    Of several documents in a row, as a server gives them, one is spoiled.
    """
    head, newline, rest = data.partition(b"\n")
    if newline and head[:3].isdigit():
        documents = rest.split(SEPARATOR)
        at = generator.randrange(len(documents))
        documents[at] = _spoil_json(generator, documents[at])
        return head + newline + SEPARATOR.join(documents)
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return data
    for _ in range(_few(generator)):
        value = _spoil_value(generator, value, 0)
    text = json.dumps(value)
    if generator.random() < 0.05:
        text = "[" * 100_000 + text if generator.random() < 0.5 else '{"a":' * 30_000 + text
    return text.encode()


def _spoil_value(generator: random.Random, value: Any, depth: int) -> Any:
    deeper = isinstance(value, dict | list) and value and generator.random() < 0.85
    if not deeper or depth > 20:
        return _other_value(generator, value)
    if isinstance(value, dict):
        key = generator.choice(list(value))
        if generator.random() < 0.1:
            return {each: value[each] for each in value if each != key}
        if generator.random() < 0.1:
            return {**value, generator.choice(NASTY_TEXTS): value[key]}
        return {**value, key: _spoil_value(generator, value[key], depth + 1)}
    at = generator.randrange(len(value))
    if generator.random() < 0.2:
        return value[:at] + value[at : at + 1] * generator.choice((0, 2, 20)) + value[at + 1 :]
    return [*value[:at], _spoil_value(generator, value[at], depth + 1), *value[at + 1 :]]


def _other_value(generator: random.Random, value: Any) -> Any:
    way = generator.random()
    if way < 0.4:
        return generator.choice(NASTY_VALUES)
    if way < 0.6 and isinstance(value, str):
        return value + generator.choice(NASTY_TEXTS)
    if way < 0.7 and isinstance(value, str):
        return generator.choice(NASTY_TEXTS) + value
    if way < 0.8:
        return [value]
    if way < 0.9:
        return generator.choice(NASTY_TEXTS)
    return generator.choice(NASTY_TEXTS) * 40

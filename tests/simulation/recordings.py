"""What recording programs do to a disk, one small thing at a time, and whether a recording is finished by then."""

from __future__ import annotations

import hashlib
import random
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from archived.core.model import parent

CHANNELS = 4
SAMPLE = 2 * CHANNELS
"""Bytes."""
RATE = {"ap": 30_000, "lf": 2_500}

Write = Callable[[str, bytes], None]
"""Puts the whole content into a file, in place."""

Steps = Iterator[str]


@dataclass
class Recording:
    """One recording of the story: its folder, and where it stands."""

    root: str
    folder: str
    kind: str
    location: str
    steps: Steps
    finished: bool = False
    """Whether its programs are through with it, for now."""
    open: dict[str, bool] = field(default_factory=dict)
    """The files that their formats say are being written."""
    spoilt: str = ""
    """Why it can never be archived by itself: it contradicts itself, crashed, or lies where no look leads."""
    tampered: bool = False
    """Whether somebody changed, removed or renamed what its programs had written, or put something beside it."""


def spikeglx(write: Write, recording: Recording, chance: random.Random, trials: int) -> Steps:
    """A run in trigger mode: a `.bin` and a `.meta` for each stream, and the meta written again at the end."""
    run = recording.folder.rpartition("/")[2]
    done: list[str] = []
    for trial in range(trials):
        stems = [
            f"{recording.folder}/{run}_imec0/{run}_t{trial}.imec0.{band}" for band in ("ap", "lf")
        ]
        data = dict.fromkeys(stems, b"")
        for stem in stems:
            recording.open[stem] = True
            write(f"{stem}.meta", _meta(stem, None))
            write(f"{stem}.bin", b"")
        yield f"opens trial {trial}"
        for _ in range(chance.randint(1, 3)):
            for stem in stems:
                data[stem] += chance.randbytes(SAMPLE * chance.randint(3, 40))
                write(f"{stem}.bin", data[stem])
            yield f"writes trial {trial}"
        for stem in stems:
            write(f"{stem}.meta", _meta(stem, data[stem]))
            recording.open[stem] = False
            done.append(stem)
        yield f"closes trial {trial}"


def catgt(write: Write, recording: Recording, chance: random.Random, trials: int) -> Steps:
    """CatGT: data first, the meta afterwards, then edits in the data, and its notes last."""
    run = recording.folder.rpartition("/")[2].removeprefix("catgt_")
    stem = f"{recording.folder}/{run}_imec0/{run}_tcat.imec0.ap"
    data = b""
    recording.open[stem] = True
    for _ in range(trials):
        data += chance.randbytes(SAMPLE * chance.randint(3, 60))
        write(f"{stem}.bin", data)
        yield "writes data"
    write(f"{stem}.meta", _meta(stem, data, sha1=False))
    recording.open[stem] = False
    yield "writes the meta"
    data = data[:SAMPLE] + bytes(SAMPLE) + data[2 * SAMPLE :]
    write(f"{stem}.bin", data)
    write(f"{recording.folder}/{run}_ct_offsets.txt", b"sec_imap0:\t0.000000\n")
    write(f"{recording.folder}/{run}_fyi.txt", b"outpath_top=there\n")
    yield "is done"


def video(write: Write, recording: Recording, chance: random.Random, trials: int) -> Steps:
    """A camera: one AVI for each trial, whose sizes are written when it is closed, and a map at the end."""
    animal, day = recording.folder.split("/")[:2]
    first = len([each for each in recording.open if each.endswith(".avi")])
    for trial in range(first + 1, first + trials + 1):
        path = f"{recording.folder}/{animal}_side_{trial:03}-0000.avi"
        frames = [chance.randbytes(2 * chance.randint(4, 100)) for _ in range(chance.randint(1, 3))]
        recording.open[path] = True
        for number in range(len(frames) + 1):
            write(path, _avi(frames[:number], closed=False))
            yield f"writes video {trial}"
        write(path, _avi(frames, closed=True))
        recording.open[path] = False
        yield f"closes video {trial}"
    lines = "".join(f"{trial}\t{trial}\n" for trial in range(1, first + trials + 1))
    write(f"{recording.folder}/{animal}_{day}_side.txt", lines.encode())
    yield "writes the map"


def photon(write: Write, recording: Recording, chance: random.Random, trials: int) -> Steps:
    """A lab's own convention, of which no format tells when it is finished."""
    for trial in range(trials):
        data = b""
        for _ in range(chance.randint(1, 3)):
            data += chance.randbytes(chance.randint(1, 400))
            write(f"{recording.folder}/stack_{trial:03}.tif", data)
            yield f"writes stack {trial}"


PROGRAMS = {"spikeglx": spikeglx, "catgt": catgt, "video": video, "photon": photon}


def folder_of(kind: str, animal: int, day: int, number: int) -> str:
    """Where a recording of this kind goes."""
    h2o = f"SC{animal:03}"
    return {
        "spikeglx": f"{h2o}/{h2o}_0223{10 + day:02}_g{number}",
        "catgt": f"{h2o}/catgt_{h2o}_0223{10 + day:02}_g{number}",
        "video": f"{h2o}/02{10 + number:02}20{10 + day:02}/video",
        "photon": f"{h2o}/20{10 + day:02}-02-{10 + number:02}/2p",
    }[kind]


def _meta(stem: str, data: bytes | None, *, sha1: bool = True) -> bytes:
    band = stem.rpartition(".")[2]
    keys = {
        "appVersion": "20190327",
        "fileName": f"D:/{stem.rpartition('/')[2]}.bin",
        "imSampRate": str(RATE[band]),
        "nSavedChans": str(CHANNELS),
        "typeImEnabled": "1",
        "typeThis": "imec",
        "~snsChanMap": "(3,3,1)(AP0;0:0)",
        "~snsShankMap": "(1,2,480)(0:0:0:1)",
    }
    if data is not None:
        digest = hashlib.sha1(data, usedforsecurity=False).hexdigest().upper()
        keys |= {
            "fileSHA1": digest if sha1 else "0",
            "fileSizeBytes": str(len(data)),
            "fileTimeSecs": f"{len(data) / SAMPLE / RATE[band]:.6f}",
        }
    return "".join(f"{key}={keys[key]}\n" for key in sorted(keys)).encode()


def _avi(frames: list[bytes], *, closed: bool) -> bytes:
    header = _chunk(
        b"avih", struct.pack("<14I", 0, 0, 0, 0, len(frames), 0, 1, 0, 8, 8, 0, 0, 0, 0)
    )
    hdrl = _chunk(b"LIST", b"hdrl" + header)
    body, index = b"", b""
    for frame in frames:
        index += b"00dc" + struct.pack("<3I", 0x10, 4 + len(body), len(frame))
        body += _chunk(b"00dc", frame)
    unset = struct.pack("<I", 0xFFFFFFFF)
    if not closed:
        return b"RIFF" + unset + b"AVI " + hdrl + b"LIST" + unset + b"movi" + body
    movi = b"LIST" + struct.pack("<I", 4 + len(body)) + b"movi" + body
    whole = b"AVI " + hdrl + movi + _chunk(b"idx1", index)
    return b"RIFF" + struct.pack("<I", len(whole)) + whole


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content


def inside(recording: Recording, path: str) -> bool:
    """Whether a path lies in the folder of a recording."""
    return path.startswith(f"{recording.folder}/") or parent(path) == recording.folder

"""Writes recordings as the real programs do: slowly, in their order, with the headers they leave while they write.

Every writer is an iterator that has done one more small thing each time it is advanced, so that whoever drives it
sets the pace, and can kill it half-way. SpikeGLX writes a `.meta` three times and only the last has the closing
keys; CatGT writes its `.meta` once, after the data, and edits the data afterwards; a camera's AVI has no sizes in
its RIFF header until it is closed.
"""

from __future__ import annotations

import hashlib
import random
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

SAVED_CHANNELS = 385
SAMPLE_BYTES = 2 * SAVED_CHANNELS
SAMPLE_RATE = {"ap": 30_000, "lf": 2_500}


def spikeglx(
    folder: Path, run: str, *, probes: int = 2, blocks: int = 6, trials: int = 1, seed: int = 0
) -> Iterator[str]:
    """A SpikeGLX run in trigger mode: for each trial, every stream of every probe, one folder a probe."""
    chance = random.Random(seed)
    for trial in range(trials):
        streams = [
            (
                folder / f"{run}_imec{probe}" / f"{run}_t{trial}.imec{probe}.{band}",
                band,
            )
            for probe in range(probes)
            for band in ("ap", "lf")
        ]
        hashes = {}
        for stem, band in streams:
            stem.parent.mkdir(parents=True, exist_ok=True)
            _bin(stem).touch()
            _meta(stem).write_text(_open_meta(stem, band, probes))
            hashes[stem] = hashlib.sha1()
            yield f"SpikeGLX opens {stem.name}"
        for _ in range(blocks):
            for stem, _band in streams:
                block = chance.randbytes(SAMPLE_BYTES * chance.randint(40, 120))
                hashes[stem].update(block)
                with _bin(stem).open("ab") as file:
                    file.write(block)
                yield f"SpikeGLX writes {stem.name}"
        for stem, band in streams:
            size = _bin(stem).stat().st_size
            # Truncated and written again, not renamed: a look can catch it empty.
            _meta(stem).write_text(
                _closed_meta(stem, band, probes, size, hashes[stem].hexdigest().upper())
            )
            yield f"SpikeGLX closes {stem.name}"


def catgt(
    folder: Path, run: str, *, probes: int = 1, blocks: int = 6, seed: int = 0
) -> Iterator[str]:
    """CatGT's output for a run: data, then meta, then edits in the data, and its own notes last."""
    chance = random.Random(seed)
    for probe in range(probes):
        stem = folder / f"{run}_imec{probe}" / f"{run}_tcat.imec{probe}.ap"
        stem.parent.mkdir(parents=True, exist_ok=True)
        with _bin(stem).open("wb") as file:
            for _ in range(blocks):
                file.write(chance.randbytes(SAMPLE_BYTES * chance.randint(40, 120)))
                file.flush()
                yield f"CatGT writes {stem.name}"
        size = _bin(stem).stat().st_size
        _meta(stem).write_text(_closed_meta(stem, "ap", probes, size, "0"))
        yield f"CatGT writes the meta of {stem.name}"
        with _bin(stem).open("r+b") as file:
            file.seek(SAMPLE_BYTES * 10)
            file.write(bytes(SAMPLE_BYTES))
        yield f"CatGT removes artefacts from {stem.name}"
    (folder / f"{run}_ct_offsets.txt").write_text("sec_imap0:\t0.000000\n")
    (folder / f"{run}_fyi.txt").write_text("outpath_top=" + folder.name + "\n")
    yield f"CatGT is done with {run}"


def tracking_video(
    folder: Path, h2o: str, camera: str, *, trials: int = 3, blocks: int = 4, seed: int = 0
) -> Iterator[str]:
    """A camera's videos, trial after trial, and the map of trials at the end of the session."""
    chance = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for trial in range(1, trials + 1):
        path = folder / f"{h2o}_{camera}_{trial:03}-0000.avi"
        frames = [chance.randbytes(2 * chance.randint(2_000, 6_000)) for _ in range(blocks)]
        yield from avi(path, frames)
    numbers = "".join(f"{trial}\t{trial}\n" for trial in range(1, trials + 1))
    (folder / f"{h2o}_{folder.parent.name}_{camera}.txt").write_text(numbers)
    yield f"the map of {trials} trials of {camera} is written"


def avi(path: Path, frames: Sequence[bytes]) -> Iterator[str]:
    """One AVI file; the frames must have even lengths, as the format pads to words."""
    header = _chunk(
        b"avih", struct.pack("<14I", 0, 0, 0, 0, len(frames), 0, 1, 0, 8, 8, 0, 0, 0, 0)
    )
    hdrl = _chunk(b"LIST", b"hdrl" + header)
    with path.open("wb") as file:
        unset = struct.pack("<I", 0xFFFFFFFF)
        file.write(b"RIFF" + unset + b"AVI " + hdrl)
        movi = file.tell()
        file.write(b"LIST" + unset + b"movi")
        file.flush()
        yield f"the camera opens {path.name}"
        index = b""
        for frame in frames:
            index += b"00dc" + struct.pack("<3I", 0x10, file.tell() - movi - 8, len(frame))
            file.write(_chunk(b"00dc", frame))
            file.flush()
            yield f"the camera writes {path.name}"
        end = file.tell()
        file.write(_chunk(b"idx1", index))
        size = file.tell()
        for position, value in ((movi + 4, end - movi - 8), (4, size - 8)):
            file.seek(position)
            file.write(struct.pack("<I", value))
    yield f"the camera closes {path.name}"


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content


def _bin(stem: Path) -> Path:
    return stem.with_name(stem.name + ".bin")


def _meta(stem: Path) -> Path:
    return stem.with_name(stem.name + ".meta")


def _keys(stem: Path, band: str, probes: int) -> dict[str, str]:
    saved = f"{SAVED_CHANNELS - 1},0,1" if band == "ap" else f"0,{SAVED_CHANNELS - 1},1"
    return {
        "appVersion": "20190327",
        "fileCreateTime": "2019-02-23T14:12:31",
        "fileName": f"D:/data/{stem.name}.bin",
        "gateMode": "Immediate",
        "imSampRate": str(SAMPLE_RATE[band]),
        "nDataDirs": "1",
        "nSavedChans": str(SAVED_CHANNELS),
        "snsApLfSy": saved,
        "trigMode": "TTL",
        "typeImEnabled": str(probes),
        "typeNiEnabled": "0",
        "typeThis": "imec",
        "~snsChanMap": "(384,384,1)(AP0;0:0)",
        "~snsShankMap": "(1,2,480)(0:0:0:1)",
    }


def _open_meta(stem: Path, band: str, probes: int) -> str:
    return _text(_keys(stem, band, probes))


def _closed_meta(stem: Path, band: str, probes: int, size: int, sha1: str) -> str:
    seconds = size / SAMPLE_BYTES / SAMPLE_RATE[band]
    closing = {"fileSHA1": sha1, "fileSizeBytes": str(size), "fileTimeSecs": f"{seconds:.6f}"}
    return _text({**_keys(stem, band, probes), **closing})


def _text(keys: dict[str, str]) -> str:
    return "".join(f"{key}={keys[key]}\n" for key in sorted(keys))

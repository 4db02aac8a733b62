"""Writes `.meta` files as the programs of several years do: the same keys, sorted, made-up values."""

from __future__ import annotations

SHA1 = "0123456789ABCDEF0123456789ABCDEF01234567"
_CLOSING = ("fileSHA1", "fileSizeBytes", "fileTimeSecs")

_COMMON = {
    "appVersion": "20230120",
    "fileCreateTime": "2019-02-23T11:02:27",
    "fileName": "D:/SC011/SC011_022319_g0_t0.bin",
    "firstSample": "4711",
    "gateMode": "Immediate",
    "nDataDirs": "1",
    "trigMode": "Immediate",
    "typeImEnabled": "1",
    "typeNiEnabled": "0",
    "typeObEnabled": "0",
    "userNotes": "a=b; left = right",
    "~snsChanMap": "(384,384,1)(AP0;0:0)(AP1;1:1)(SY0;768:384)",
}
_PROBE = {
    "imSampRate": "30000",
    "imIsSvyRun": "false",
    "nSavedChans": "385",
    "snsApLfSy": "384,0,1",
    "typeThis": "imec",
    "~imroTbl": "(0,384)(0 0 0 500 250 1)",
    "~snsGeomMap": "(NP1010,1,0,70)(0:27:0:1)(0:59:0:1)",
}
_CATGT = {
    "catGTCmdline0": "<CatGT -dir=D:/data -run=SC011_022319 -g=0 -t=0,9 -prb_fld -ap>",
    "catGVals": "0,0",
    "catNFiles": "1",
    "catTVals": "0,9",
    "fileCreateTime_original": "2019-02-23T11:02:27",
    "fileSHA1": "0",
}
_3A = {"typeEnabled": "imec", "typeImEnabled": None, "typeNiEnabled": None, "typeObEnabled": None}
_SHANKS = {"~snsGeomMap": None, "~snsShankMap": "(1,2,480)(0:0:0:1)(0:1:0:1)"}
_FLAVOURS: dict[str, dict[str, str | None]] = {
    "3A": {**_PROBE, **_3A, **_SHANKS, "imIsSvyRun": None},
    "3B": {**_PROBE, **_SHANKS, "imDatPrb_type": "0"},
    "NP2": {**_PROBE, "imDatPrb_type": "24"},
    "quad": {
        **_PROBE,
        "imDatPrb_type": "2020",
        "nSavedChans": "1540",
        "snsApLfSy": "1536,0,4",
    },
    "survey": {**_PROBE, "imIsSvyRun": "true", "~svySBTT": "(0 1 0 1000)"},
    "lf": {**_PROBE, "imSampRate": "2500", "snsApLfSy": "0,384,1"},
    "obx": {"obSampRate": "30303", "nSavedChans": "13", "typeThis": "obx", "typeObEnabled": "1"},
    "nidq": {"niSampRate": "25000", "nSavedChans": "9", "typeThis": "nidq", "typeNiEnabled": "1"},
    "catgt": {**_PROBE, **_SHANKS, **_CATGT},
    "catgt-nidq": {
        **_CATGT,
        "niSampRate": "25000",
        "nSavedChans": "9",
        "typeThis": "nidq",
    },
    "exported": {**_PROBE, **_SHANKS, "catGVals": "0,0", "snsSaveChanSubset": "0:383,768"},
}
FLAVOURS = tuple(_FLAVOURS)


def values(flavour: str, samples: int = 100, **changes: str | None) -> dict[str, str]:
    """The keys of a finished `.meta`, for a `.bin` of so many samples; `None` takes a key out."""
    chosen: dict[str, str | None] = {**_COMMON, "fileSHA1": SHA1, **_FLAVOURS[flavour]}
    rates = [chosen[key] for key in ("imSampRate", "obSampRate", "niSampRate") if key in chosen]
    chosen["fileSizeBytes"] = str(2 * int(chosen["nSavedChans"] or 0) * samples)
    chosen["fileTimeSecs"] = str(samples / float(rates[0] or 1))
    chosen |= changes
    return {key: value for key, value in chosen.items() if value is not None}


def meta(
    flavour: str = "3B", samples: int = 100, newline: str = "\r\n", **changes: str | None
) -> bytes:
    """A finished `.meta`, as bytes."""
    lines = sorted(
        f"{key}={value}{newline}" for key, value in values(flavour, samples, **changes).items()
    )
    return "".join(lines).encode()


def size(flavour: str = "3B", samples: int = 100) -> int:
    """The bytes of the `.bin` that belongs to it."""
    return int(values(flavour, samples)["fileSizeBytes"])


def recording(flavour: str = "3B", newline: str = "\r\n", **changes: str | None) -> bytes:
    """The `.meta` of a recording under way: its closing keys are not there yet."""
    return meta(flavour, newline=newline, **{**dict.fromkeys(_CLOSING), **changes})

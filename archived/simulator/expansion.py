"""From the items of an order to single files: folders are walked, filter rules applied."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from archived.simulator.collection import Collection
from archived.simulator.problems import from_os_error, wrong
from archived.simulator.work import Item, Unit


def expand(source: Collection, item: Item, rules: Sequence[Mapping[str, Any]]) -> list[Unit]:
    """The files (and folders to make) that an item stands for.

    Raises `ProblemError` where the source is not there, or is not what the item says it is.
    """
    try:
        local = source.followed(item.source_path)
        is_directory = local.is_dir()
        local.stat()
    except OSError as error:
        raise from_os_error(error, source, item.source_path, at_source=True) from error
    if not is_directory:
        if item.recursive:
            raise wrong("NOT_A_DIRECTORY", source, item.source_path, at_source=True)
        return [Unit(item, item.source_path, item.destination_path)]
    if item.recursive is False:
        raise wrong("IS_A_DIRECTORY", source, item.source_path, at_source=True)
    if item.external_checksum is not None:
        raise wrong("IS_A_DIRECTORY", source, item.source_path, at_source=True)
    return list(_walk(source, item, local, rules))


def _walk(
    source: Collection, item: Item, top: Path, rules: Sequence[Mapping[str, Any]]
) -> Iterator[Unit]:
    stack = [(top, item.source_path.rstrip("/"), item.destination_path.rstrip("/"))]
    while stack:
        folder, source_path, destination_path = stack.pop()
        yield Unit(item, source_path or "/", destination_path or "/", is_directory=True)
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            raise from_os_error(error, source, source_path, at_source=True) from error
        for entry in entries:
            paths = (f"{source_path}/{entry.name}", f"{destination_path}/{entry.name}")
            # Links below the top are passed over, as Globus does it.
            is_directory = entry.is_dir(follow_symlinks=False)
            if not included(entry.name, is_directory, rules):
                continue
            if is_directory:
                stack.append((Path(entry.path), *paths))
            elif entry.is_file(follow_symlinks=False):
                yield Unit(item, *paths)


def included(name: str, is_directory: bool, rules: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the filter rules let a name below the top of an item through: the first that fits decides."""
    kind = "dir" if is_directory else "file"
    for rule in rules:
        if rule.get("type") in (None, kind) and fnmatchcase(name, str(rule.get("name", "*"))):
            return str(rule.get("method", "exclude")) == "include"
    return True

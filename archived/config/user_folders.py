"""A user's own folders for configurations and for state, as each system has them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from platformdirs.api import PlatformDirsABC

NAME = "archived"


def config_folder() -> Path:
    """Where this user's configuration may lie."""
    return _folder("XDG_CONFIG_HOME", ".config") or _library().user_config_path


def state_folder() -> Path:
    """Where programs of this user keep what they know."""
    return _folder("XDG_STATE_HOME", ".local/state") or _library().user_state_path


def _folder(variable: str, usual: str) -> Path | None:
    """By the rule of freedesktop.org, which is short; loading a library for it takes as long as reading the store."""
    home = os.path.expanduser("~")
    if not sys.platform.startswith("linux") or not os.path.isabs(home):
        return None
    given = os.environ.get(variable, "")
    return Path(given if os.path.isabs(given) else f"{home}/{usual}") / NAME


def _library() -> PlatformDirsABC:
    from platformdirs import PlatformDirs

    return PlatformDirs(NAME, appauthor=False)

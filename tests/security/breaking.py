"""Runs the daemon with mistakes in it, each of which has a secret in its words: `python -m tests.security.breaking WHAT …`."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import warnings
from typing import Any, NoReturn

from archived import __main__ as program
from archived.daemon import Daemon
from archived.daemon.loop import Daemon as Loop
from archived.transfer.globus_session import GlobusSession

TOLD = threading.Event()


def _secrets_of(session: GlobusSession) -> str:
    voice: Any = session._voice()
    authorizer: Any = voice.authorizer
    if not session.account.native:
        authorizer.get_authorization_header()
    kept = [str(session._secret), str(authorizer.access_token)]
    return f"{' '.join(kept)} {getattr(authorizer, 'refresh_token', '')}"


def in_slow_work(self: GlobusSession, doing: str, work: object) -> NoReturn:
    """Errands run on threads of their own, and log what nobody thought of with its traceback."""
    said = _secrets_of(self)
    if not TOLD.is_set():
        TOLD.set()
        warnings.warn(f"library says {said}", stacklevel=1)
        logging.getLogger("urllib3").warning("Authorization: %s", said)
        logging.getLogger("uvicorn.error").error("%s", said)
        _asyncio(said)
        thread = threading.Thread(target=_broken, args=(said,))
        thread.start()
        thread.join()
    raise AttributeError(f"nobody thought of {said}")


def _broken(said: str) -> NoReturn:
    raise RuntimeError(f"in a thread: {said}")


def _asyncio(said: str) -> None:
    async def lost() -> None:
        task = asyncio.ensure_future(_failing(said))
        await asyncio.sleep(0)
        del task

    asyncio.run(lost())


async def _failing(said: str) -> NoReturn:
    raise RuntimeError(f"never awaited: {said}")


def in_the_loop(self: Loop, *arguments: object, **more: object) -> NoReturn:
    """Such a mistake ends the process."""
    around: Any = self.around if hasattr(self, "around") else self._around  # type: ignore[attr-defined]
    session = next(iter(around.movers.values()))._mover()._session
    raise RuntimeError(f"in the loop: {_secrets_of(session)}")


def main() -> int:
    """Break something, then run the daemon."""
    what = sys.argv.pop(1)
    if what == "slow work":
        GlobusSession.call = in_slow_work  # type: ignore[method-assign,assignment]
    else:
        Daemon.tick = in_the_loop  # type: ignore[method-assign]
    return program.main()


if __name__ == "__main__":
    sys.exit(main())

"""The only door to Apprise, which knows how to send a message to mail, chat programs, telephones and web services."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import apprise

from archived.alerts.addresses import Address
from archived.core.alert_words import Message
from archived.core.paths import printable
from archived.secrecy.redacting import redact_text

ROOMY = 1000
"""Characters. What does not fit a service that takes so many goes in several messages; of a smaller one it is cut off."""
LONGEST = 300
"""Characters of what a service answered."""

_CAUSE = re.compile(r"\[Errno -?[0-9]+\] [A-Za-z ]+")
_SILENT = "it took no message, and did not say why"


def send(address: Address, message: Message) -> str:
    """Send a message; "" where it was taken, else why not, in words without secrets. Takes as long as a network does."""
    kinds = {
        None: apprise.NotifyType.INFO,
        False: apprise.NotifyType.WARNING,
        True: apprise.NotifyType.FAILURE,
    }
    with _heard() as words:
        try:
            service = apprise.Apprise.instantiate(str(address.url), asset=_asset())
            if service is None:
                return "it is no address that Apprise understands"
            _make_fit(service)
            done = service.notify(
                title=message.title,
                body=message.body,
                notify_type=kinds[message.urgent],
                body_format=apprise.NotifyFormat.TEXT,
            )
        except Exception as error:  # noqa: BLE001 - a hundred services, each with errors of its own
            return _fit(f"{type(error).__name__}: {error}")
    return "" if done else _fit("; ".join(words) or _SILENT)


def _make_fit(service: apprise.NotifyBase) -> None:
    """Left alone Apprise sends what is longer than a service takes, and that is refused however often it is tried."""
    if "overflow_mode" in vars(service):
        # The address says what is to be done (`overflow=`), or the service knows.
        return
    roomy = service.body_maxlen >= ROOMY
    service.overflow_mode = apprise.OverflowMode.SPLIT if roomy else apprise.OverflowMode.TRUNCATE


def _asset() -> apprise.AppriseAsset:
    """Nothing is kept on the disk, nothing is looked for there, and nothing in a name stands for anything else."""
    return apprise.AppriseAsset(
        storage_mode=apprise.PersistentStoreMode.MEMORY,
        plugin_paths=[],
        secure_logging=True,
        async_mode=False,
        interpret_escapes=False,
        interpret_emojis=False,
        allow_templates=False,
        app_id="archived",
        app_desc="archived",
        app_url="",
    )


class _Ear(logging.Handler):
    """Keeps what Apprise complains about on this thread: that is how it tells why something failed."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler`."""
        if record.thread != self._thread:
            return
        words = record.getMessage()
        if record.levelno >= logging.WARNING:
            self.words.append(words)
        elif cause := _CAUSE.search(words):
            # What went wrong with a connection it says in its details only.
            self.words.append(cause[0])


@contextmanager
def _heard() -> Iterator[list[str]]:
    logger, ear = logging.getLogger(apprise.LOGGER_NAME), _Ear()
    # What it says becomes the words of an alarm, once; in the log it would stand again at each attempt.
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    logger.addHandler(ear)
    try:
        yield ear.words
    finally:
        logger.removeHandler(ear)


def _fit(words: str) -> str:
    plain = printable(redact_text(" ".join(words.split())))
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 1] + "…"

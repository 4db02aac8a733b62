"""What sends, loaded when something is to be sent: it is an extra, and takes a while."""

from __future__ import annotations

from archived.alerts.posting import Send
from archived.errors import ArchivedError


def sender() -> Send:
    """What sends a message to an address. Raises `ArchivedError` where the package for it is missing."""
    try:
        from archived.alerts.sending import send
    except ImportError as error:
        raise ArchivedError(
            f"The package that sends alarms is missing ({error}); no data is affected.",
            what_to_do="pip install 'archived[alerts]'",
        ) from error
    return send

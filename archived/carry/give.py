"""Giving an order, perhaps once more: a refusal ends nothing that was accepted before (safety rule 2)."""

from __future__ import annotations

from archived.errors import LoginRequiredError, TransferError, TransferUnavailableError
from archived.ports import TransferOrder, Transfers


def give(mover: Transfers, order: TransferOrder) -> str:
    """Give an order and return its task.

    The answer to an earlier call may have been lost, or not noted before the process died. So what is refused now
    is looked for first: it may be under way, and whoever took it for refused would send its files in a second task.

    Raises the refusal where no such task is known, and `TransferUnavailableError` where that cannot be asked.
    """
    try:
        return mover.submit(order)
    except TransferError as refusal:
        if not refusal.permanent or isinstance(refusal, LoginRequiredError):
            raise
        task_id = _accepted_before(mover, order, refusal)
        if task_id is None:
            raise
        return task_id


def _accepted_before(mover: Transfers, order: TransferOrder, refusal: TransferError) -> str | None:
    try:
        return mover.find(order.submission_id, order.label)
    except TransferError as error:
        if not error.permanent or isinstance(error, LoginRequiredError):
            raise
        raise TransferUnavailableError(
            f"{refusal}; and whether it was accepted before cannot be asked: {error}",
            what_to_do=refusal.what_to_do or error.what_to_do,
        ) from refusal

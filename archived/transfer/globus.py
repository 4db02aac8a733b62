"""The Globus mover: the port of `archived.ports.Transfers` on top of the Transfer service."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence

from archived.core.model import Direction, Receipt, StorageLocation
from archived.errors import TransferRefusedError, TransferUnavailableError
from archived.ports import Entry, Fault, Finding, TaskReport, TaskState, TransferOrder
from archived.transfer import globus_check
from archived.transfer.ends import Ends, archive_end, ends
from archived.transfer.globus_calls import GlobusCalls
from archived.transfer.globus_documents import (
    Document,
    batch_of,
    is_of_batch,
    needs_events,
    number,
    pause_words,
    receipt,
    submission,
    task_id_of,
    task_report,
    task_state,
)
from archived.transfer.globus_errors import (
    ChecksumsRefusedError,
    NotThereError,
    PathsInUseError,
)
from archived.transfer.globus_faults import asks_without_checksums, faults, skipped
from archived.transfer.globus_session import GlobusSession

_SHORT_ANSWERS = 5
"""How often a list of files that is shorter than its task says is asked for again; then it is all there will be."""
_ASK_AGAIN = 30.0
_WAIT_FOR_OTHERS = 600.0

_log = logging.getLogger(__name__)


class GlobusTransfers:
    """Moves files between the rig's collection and the archive's.

    `session` may be shared by the movers of several locations; who made it closes it. `encrypt` asks for encryption
    of the data on its way, beyond what the collections enforce.
    """

    def __init__(
        self,
        location: StorageLocation,
        session: GlobusSession,
        *,
        fail_on_quota_errors: bool = True,
        encrypt: bool = False,
    ) -> None:
        self._name = location.name
        self._session = session
        self._calls = GlobusCalls(session)
        self._ends = {direction: ends(location, direction) for direction in Direction}
        self._archive = archive_end(location)
        self._fail_on_quota_errors = fail_on_quota_errors
        self._encrypt = encrypt
        self._checks_external: bool | None = None
        """Whether the archive checks checksums of ours; None while nobody asked it."""
        self._short_answers: Counter[str] = Counter()

    def reserve(self) -> str:
        """See `Transfers.reserve`."""
        return self._calls.submission_id()

    def submit(self, order: TransferOrder) -> str:
        """See `Transfers.submit`."""
        wanted = any(item.external_checksum is not None for item in order.items)
        if wanted and self._can_check():
            try:
                return self._submit(order, external_checksums=True)
            except ChecksumsRefusedError as error:
                self._stop_external_checks(str(error))
        return self._submit(order, external_checksums=False)

    def _submit(self, order: TransferOrder, *, external_checksums: bool) -> str:
        body = submission(
            order,
            self._ends[order.direction],
            fail_on_quota_errors=self._fail_on_quota_errors,
            encrypt=self._encrypt,
            external_checksums=external_checksums,
        )
        try:
            task_id, begun_before = self._calls.post(body)
        except PathsInUseError:
            return self._adopt(order)
        if begun_before:
            self._insist_that_it_exists(task_id)
        return task_id

    def _insist_that_it_exists(self, task_id: str) -> None:
        """Globus may forget an old task before its submission id; asking again would then go on for ever."""
        try:
            self._calls.task(task_id)
        except NotThereError:
            raise TransferRefusedError(
                f"this transfer was submitted long ago as task {task_id}, which Globus has forgotten",
                what_to_do="type: archivedctl retry; what arrived is recognised and not sent twice",
            ) from None

    def _adopt(self, order: TransferOrder) -> str:
        """Find the task that moves the same paths, if it is this very batch's; another's is waited for."""
        task_id = self._task_of(order.label, "ACTIVE,INACTIVE")
        if task_id is not None:
            return task_id
        raise TransferUnavailableError(
            "another transfer with the same paths has not ended yet",
            what_to_do="see which: `globus task list`, or the activity page of Globus' web application",
            retry_after=_WAIT_FOR_OTHERS,
        )

    def find(self, submission_id: str, label: str) -> str | None:
        """See `Transfers.find`. Globus does not list tasks by their submission ids, but by the batch in their labels."""
        return self._task_of(label, "ACTIVE,INACTIVE,SUCCEEDED,FAILED")

    def _task_of(self, label: str, states: str) -> str | None:
        filters = {"status": states, "type": "TRANSFER"}
        batch = batch_of(label)
        if batch is not None:
            filters["label"] = f"~*{batch}*"
        found = (task for task in self._calls.tasks(filters) if is_of_batch(task, label))
        return next((each for task in found if (each := task_id_of(task))), None)

    def poll(self, task_id: str) -> TaskReport:
        """See `Transfers.poll`."""
        try:
            task = self._calls.task(task_id)
        except NotThereError:
            return TaskReport(TaskState.UNKNOWN)
        found = self._faults(task_id, task) if needs_events(task) else ()
        left_out = self._skipped(task_id, task) if task.get("subtasks_skipped_errors") else ()
        paused = task_state(task) is TaskState.SUSPENDED and task.get("is_paused")
        pause = pause_words(self._calls.pause(task_id)) if paused else ""
        return task_report(task, faults=found, skipped=left_out, pause=pause)

    def _faults(self, task_id: str, task: Document) -> Sequence[Fault]:
        found = faults(task, self._calls.errors(task_id), self._ends_of(task))
        if asks_without_checksums(found):
            self._stop_external_checks("one of the collections cannot compute them")
        return found

    def _skipped(self, task_id: str, task: Document) -> Sequence[Fault]:
        return skipped(self._calls.skipped(task_id), self._ends_of(task))

    def receipts(self, task_id: str) -> Iterator[Receipt]:
        """See `Transfers.receipts`. A task that Globus has forgotten proves nothing, so nothing is listed."""
        try:
            task = self._calls.task(task_id)
        except NotThereError:
            return
        if task.get("status") not in ("SUCCEEDED", "FAILED"):
            raise TransferUnavailableError("the transfer has not ended yet")
        if task.get("history_deleted"):
            return
        both = self._ends_of(task)
        yield from filter(None, (receipt(row, both) for row in self._moved(task_id, task)))

    def _moved(self, task_id: str, task: Document) -> Sequence[Document]:
        """The task's list. Right after the task's end it may be refused or short."""
        try:
            rows = list(self._calls.moved(task_id))
        except TransferRefusedError:
            rows = []
        expected = number(task, "files_transferred")
        if len(rows) < expected and self._short_answers[task_id] < _SHORT_ANSWERS:
            self._short_answers[task_id] += 1
            raise TransferUnavailableError(
                f"Globus lists {len(rows)} of {expected} files of a task that ended just now",
                retry_after=_ASK_AGAIN,
            )
        del self._short_answers[task_id]
        return rows

    def list(self, path: str) -> Sequence[Entry]:
        """See `Transfers.list`.

        Globus lists a folder whole, or beyond 100 000 entries not at all: pages and filters are made of the whole
        listing, so that they are no way around that.
        """
        folder = self._archive.absolute(path)
        try:
            found = self._calls.listing(self._archive.collection, folder)
        except NotThereError:
            return []
        if found.total > len(found.entries):
            raise TransferRefusedError(
                f"the folder {folder} of the archive has {found.total} entries, more than Globus lists at once",
                what_to_do="spread the files over several folders",
            )
        return found.entries

    def stat(self, path: str) -> Entry | None:
        """See `Transfers.stat`."""
        absolute = self._archive.absolute(path)
        try:
            return self._calls.stat(self._archive.collection, absolute)
        except NotThereError:
            return None

    def cancel(self, task_id: str) -> None:
        """See `Transfers.cancel`. A task that has ended already, or is not known, stays as it is."""
        try:
            self._calls.cancel(task_id)
        except TransferRefusedError:
            # It ended meanwhile: `poll` says how. Anything else that is wrong `poll` says as well.
            return

    def check(self) -> Sequence[Finding]:
        """See `Transfers.check`."""
        return globus_check.check(self._session, self._calls, self._ends[Direction.ARCHIVE])

    def consents(self) -> Sequence[str]:
        """The collections whose data a person has to give a consent for, to be given to `login.start_login`."""
        return globus_check.collections_with_consent(self._calls, self._ends[Direction.ARCHIVE])

    def close(self) -> None:
        """See `Transfers.close`. Tasks run on at Globus; the session is closed by who made it."""

    def _can_check(self) -> bool:
        if self._checks_external is None:
            if self._calls.collection(self._archive.collection).get("disable_verify"):
                self._stop_external_checks("its administrator switched checksums off")
            else:
                self._checks_external = True
        return bool(self._checks_external)

    def _stop_external_checks(self, why: str) -> None:
        if self._checks_external is not False:
            _log.warning(
                "the archive of %s does not check the acquisition program's own checksums (%s); files are sent "
                "without them from now on",
                self._name,
                why,
            )
        self._checks_external = False

    def _ends_of(self, task: Document) -> Ends:
        """The ends as this task has them, by the collection that it writes to."""
        back = self._ends[Direction.RETRIEVE]
        wrote_to = task.get("destination_endpoint_id") or task.get("destination_endpoint")
        one_collection = back.source.collection == back.destination.collection
        if wrote_to == back.destination.collection and not one_collection:
            return back
        return self._ends[Direction.ARCHIVE]

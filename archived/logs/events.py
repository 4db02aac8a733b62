"""Every event that is logged: what it says, at which level, and which fields come with it.

This is the contract with whoever monitors the log. A name, a field and an id are never given another meaning; those with
an id are explained by `packaging/systemd/archived.catalog` as well (`journalctl -x`, `journalctl MESSAGE_ID=…`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

Level = Literal["debug", "info", "warning", "error", "critical"]


class Event(NamedTuple):
    """One event. `levels` are those that it may have, the usual one first."""

    name: str
    levels: tuple[Level, ...]
    says: str
    """What happened, and what it means for the data."""
    fields: tuple[str, ...] = ()
    """Names of `FIELDS`; a field that does not apply may be missing."""
    message_id: str = ""


FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "added": "subjects that are new",
        "address": "the place and the kind of the address, never the address itself",
        "after": "the state of the dataset from now on",
        "alarm": "the key of the alarm, as in `archivedctl status --json`",
        "alarms": "how many alarms",
        "arrived": "files that arrived",
        "attempts": "how often it was tried without success",
        "batch": "the id of the batch",
        "before": "the state of the dataset until now, or the time that the clock showed last",
        "bytes": "bytes of all files",
        "changed": "files that changed on the rig meanwhile, or subjects that differ",
        "compared": "files whose content was compared with its checksum",
        "complete": "whether everything was looked at that was to be",
        "dataset": "the name of the dataset: its location, and its path below the root",
        "datasets": "how many datasets",
        "direction": "`archive`, `record`, `retrieve` or `verify`",
        "errand": "which kind of work failed",
        "error": "what was wrong, in words",
        "exception": "the error that the program met with, by its kind and in its words",
        "failed": "files that failed",
        "files": "how many files",
        "folder": "the path of the folder below its root",
        "left_out": "datasets that the lab's tables cannot hold",
        "library": "the name of the library's own logger",
        "line": "the number of the line",
        "location": "the name of the location",
        "message": "what it says, in words",
        "migrations": "the names of the migrations that were made",
        "kept": "where the store is kept as it was before; null where it is not",
        "next_try": "when it is tried again",
        "not_kept": "why the store as it was before is not kept",
        "now": "the time that the clock shows",
        "path": "the path of the file",
        "proved": "files that were proved to be in the archive",
        "reason": "why, in the words of the service where it has any",
        "removed": "subjects that are gone",
        "rig": "the name of the rig",
        "root": "the path of the watched folder",
        "seconds_away": "for how many seconds it was away",
        "since": "since when the archives had to be looked through",
        "source": "where the subjects come from",
        "state": "the state in which the batch ended",
        "subject": "what the work was about: a dataset, a batch, a root",
        "task_id": "the id of the task at Globus, or at the local mover",
        "thread": "the name of the thread",
        "traceback": "where in the program it happened",
        "unproved": "files that are not in the archive as they should be",
        "version": "the release of this program",
        "what_to_do": "what a person should do about it",
        "why": "why, in words",
    }
)

_TASK = ("batch", "task_id")

EVENTS: tuple[Event, ...] = (
    # -- the daemon
    Event(
        "daemon started",
        ("info",),
        "The daemon is up. Whatever was under way when it last ended is gone on with; nothing is sent twice.",
        ("version", "rig"),
        "1060cf4c04a2423eb85a6c1aa91999f0",
    ),
    Event(
        "daemon stopping",
        ("info",),
        "The daemon was asked to end. Transfers that Globus runs go on without it, and are taken up at the next start.",
        (),
        "68bd1b0744194960bbd51ef5cc664c9e",
    ),
    Event(
        "configuration reloaded",
        ("info",),
        "The configuration was read again and is in force.",
        ("path",),
        "1e3e0606c33b4e3e98e3ef37567e9df4",
    ),
    Event(
        "configuration refused",
        ("error",),
        "The new configuration has mistakes; the one that was in force stays in force.",
        ("error",),
        "c228c72517bc4ad1a61ad182af8b18fb",
    ),
    Event(
        "alarm raised",
        ("warning",),
        "Something is wrong with the rig as a whole; it stands in `archivedctl status` until it is over. Told once.",
        ("alarm", "message", "what_to_do"),
        "5a2c8e0f3b7d4f6a9c1e7d2b40f86a35",
    ),
    Event(
        "alarm over",
        ("info",),
        "What an alarm told of is over.",
        ("alarm",),
        "b9e47d10c6a84c23a5f30e8d71b2946c",
    ),
    Event(
        "alert sent",
        ("info",),
        "Somebody elsewhere was told of alarms, or of recordings that need a person.",
        ("address", "alarms", "datasets"),
    ),
    Event(
        "alert not sent",
        ("warning",),
        "An address takes no message. It is tried again, which is told once; archiving goes on.",
        ("address", "error"),
        "7c1f0d92b5e84a6f9d3e28a4c6b7105e",
    ),
    Event(
        "mistake in this program",
        ("error", "critical"),
        "Something failed that nobody thought of. The data is where it was; please report it with the traceback.",
        ("errand", "subject", "thread", "exception", "traceback"),
        "f01b6c7de92a4d48b3c5807a6ed4192b",
    ),
    Event(
        "library",
        ("warning", "error", "critical", "info", "debug"),
        "What a library had to say, or a mover (`library` begins with `archived` then).",
        ("library", "message", "exception", "traceback"),
    ),
    Event(
        "the clock was set back",
        ("warning",),
        "Waiting times begin anew, so that nothing counts as quiet too early.",
        ("now",),
    ),
    Event(
        "the clock was set forward, or the machine slept",
        ("warning",),
        "The time that went by counts for nothing's quiet time.",
        ("before", "now"),
    ),
    # -- the store
    Event(
        "store brought up to date",
        ("info", "warning"),
        "The store had the form of an older release; a warning where it is not kept as it was before.",
        ("migrations", "kept", "not_kept"),
    ),
    Event(
        "store unavailable",
        ("error", "warning"),
        "The store cannot be read or written. The daemon waits; nothing is sent that it could not note first.",
        ("error", "what_to_do"),
        "372c28a101644f679daa1885bc6d1a46",
    ),
    Event(
        "store is back",
        ("info",),
        "The store can be read and written again; all goes on where it was.",
        ("seconds_away",),
        "0e2b3a5c9f7d4c1f8a64d7b0c2e19f53",
    ),
    Event("store backed up", ("info",), "The store was copied.", ("path",)),
    Event(
        "store not backed up",
        ("warning",),
        "The store could not be copied; it is tried again.",
        ("error",),
    ),
    Event(
        "archives were looked through; all goes on",
        ("info",),
        "A store that was put back waited until the archives were looked through, and waits no more.",
        ("since",),
    ),
    # -- looking at the rig
    Event(
        "root unavailable",
        ("error",),
        "The watched folder is missing, unmounted or another one. Nothing changes its state because of this.",
        ("root", "error"),
        "16f4b8fc68fc4935b907837977e5bd9a",
    ),
    Event(
        "events were lost, looking at everything",
        ("warning",),
        "More happened than the kernel could keep; nothing is missed, as everything is looked at.",
        ("root",),
        "950779a1f41f440cbb544c062aea3918",
    ),
    Event(
        "folder not readable",
        ("warning",),
        "A folder cannot be read: what is in it is not archived, and nothing in it counts as missing.",
        ("folder", "why"),
    ),
    Event(
        "look cut short, looking again",
        ("warning",),
        "The store was away while a root was looked at; it is looked at again.",
        ("root", "why"),
    ),
    # -- datasets and batches
    Event(
        "dataset moved",
        ("info",),
        "A recording has another state.",
        ("dataset", "before", "after", "why"),
        "ccb95537870e4c9aad47e1a90443ade4",
    ),
    Event(
        "dataset needs a person",
        ("warning",),
        "A recording is not archived, and will not be by itself. `archivedctl why` looks at its files.",
        ("dataset", "before", "after", "why"),
        "c86a589eec394ee4b334f4bd38510d8a",
    ),
    Event(
        "batch planned",
        ("info",),
        "Files that are ready were put together.",
        ("batch", "location", "files", "bytes"),
    ),
    Event(
        "files changed before they were sent",
        ("info",),
        "They are left out of the batch, and their quiet time begins anew.",
        ("batch", "files"),
    ),
    Event(
        "batch submitted",
        ("info",),
        "A transfer has begun.",
        (*_TASK, "direction", "location", "files", "bytes"),
        "34d420198314464b87bf334f094383aa",
    ),
    Event(
        "batch sent",
        ("info",),
        "A transfer is through. Now each file is proved to be there; only then it counts as archived.",
        _TASK,
        "976d8b8890794379afb0f6d911a04d61",
    ),
    Event(
        "batch verified",
        ("info",),
        "The files of a batch were looked for in the archive. What is not proved does not count as archived.",
        ("batch", "proved", "unproved", "changed"),
        "527f714339d1499d88d71a2d8ebe76cb",
    ),
    Event(
        "batch refused",
        ("error", "warning"),
        "A transfer was refused, and would be refused again; its recordings need a person.",
        ("batch", "error"),
        "357f2143ef6647a38ee52042458595e5",
    ),
    Event(
        "batch failed",
        ("warning",),
        "A transfer ended without success. What was at fault is set apart, the others are sent again.",
        (*_TASK, "reason"),
        "bfaf3fe8d51d45eaa6e6be3c068ef2fb",
    ),
    Event(
        "batch can never finish",
        ("warning",),
        "A transfer would have stood still until its deadline, and is cancelled.",
        ("batch", "reason"),
        "801475b3c0fd49cd8bc8193049d91a36",
    ),
    Event(
        "batch ended",
        ("info",),
        "A transfer that was not of the main work (records, a retrieval, a comparison) ended.",
        ("batch", "direction", "state", "arrived", "failed", "why"),
    ),
    Event(
        "batch of before the store was put back is unknown",
        ("warning",),
        "A store that was put back knew of a transfer that Globus does not know any more; its files are looked for.",
        ("batch",),
    ),
    Event(
        "task unknown",
        ("warning",),
        "The mover does not know a task of ours; the same order is given again under the same submission id.",
        _TASK,
        "85beaaeec98c4ee49a655072c11c0b95",
    ),
    Event(
        "transfer cannot be asked about",
        ("warning",),
        "How a transfer is getting on is not known; it is asked again.",
        ("batch", "error"),
    ),
    Event(
        "transfer cannot be stopped; it may go on by itself",
        ("warning",),
        "A transfer was to be cancelled, and the mover could not be told.",
        (*_TASK, "error"),
    ),
    Event(
        "what arrived is not known",
        ("warning",),
        "A transfer ended, and which of its files arrived cannot be asked; none of them counts.",
        ("batch", "error"),
    ),
    Event(
        "proof postponed",
        ("warning",),
        "The archive could not be asked for proof; nothing counts as archived meanwhile.",
        ("batch", "error", "next_try"),
    ),
    Event(
        "mover unavailable",
        ("warning",),
        "Globus, or the archive, cannot be reached; it is tried again after longer and longer waits.",
        ("batch", "error", "attempts", "next_try"),
        "89d228de09e6465589d7a65c59fd9fb6",
    ),
    Event(
        "login required",
        ("warning",),
        "Nothing can be sent for a location until somebody logs in; none of its recordings counts as failed.",
        ("location", "error"),
        "6e383f92e895429eb3be3c3e2a54bae8",
    ),
    # -- records, proof in the background, the lab's database
    Event(
        "record written", ("debug",), "What the archive is to be told of a dataset.", ("dataset",)
    ),
    Event(
        "record not written",
        ("warning",),
        "What the archive is to be told of a dataset cannot be written; it is tried again.",
        ("dataset", "error"),
    ),
    Event(
        "records batched",
        ("info",),
        "Records of datasets were put together.",
        ("batch", "location", "datasets"),
    ),
    Event("records not sent", ("warning",), "Records wait; it is tried again.", ("error",)),
    Event(
        "verified in the background",
        ("info",),
        "Files of the archive were looked at, and some compared with their checksums.",
        ("location", "files", "compared", "complete"),
    ),
    Event(
        "not verified",
        ("warning",),
        "The archive of a location could not be looked at.",
        ("location", "error"),
    ),
    Event(
        "not verified in the background",
        ("warning",),
        "The archives could not be looked at; it is tried again.",
        ("error",),
    ),
    Event(
        "subjects read",
        ("info",),
        "The numbers of animals were read.",
        ("source", "added", "changed", "removed"),
    ),
    Event(
        "bad line among subjects",
        ("warning",),
        "One line is passed over; the others count.",
        ("source", "line", "why"),
    ),
    Event(
        "list of subjects cannot be read",
        ("warning",),
        "What was read of it before still counts.",
        ("error",),
    ),
    Event(
        "lab database cannot be read",
        ("warning",),
        "What was read of it before still counts.",
        ("error",),
    ),
    Event(
        "lab database cannot be used",
        ("warning",),
        "What was archived is told to it later.",
        ("error",),
    ),
    Event("lab database is back", ("info",), "What was archived is told to it again."),
    Event(
        "mirrored in the lab database",
        ("info",),
        "What was archived was told to the lab's tables.",
        ("datasets", "files", "left_out"),
    ),
    Event(
        "refused by the lab database",
        ("warning",),
        "The lab's tables do not take a dataset; it is archived all the same.",
        ("dataset", "why"),
    ),
)

MESSAGE_IDS: Mapping[str, str] = MappingProxyType(
    {each.name: each.message_id for each in EVENTS if each.message_id}
)
"""The events worth finding again, each with its fixed id."""

"""The documents that tell about tasks, with every key that the Transfer service gives."""

from __future__ import annotations

from datetime import datetime

from archived.simulator.event_codes import describe
from archived.simulator.replies import Json
from archived.simulator.task import HISTORY, Status, Task, TaskEvent
from archived.simulator.timing import iso
from archived.simulator.work import Unit, UnitState
from archived.simulator.world import World


def task_document(world: World, task: Task) -> Json:
    """A task as its owner sees it. Hold the lock."""
    return {
        "DATA_TYPE": "task",
        "task_id": task.id,
        "type": "TRANSFER",
        "status": task.status.value,
        "label": task.label,
        "username": f"u_{task.owner.replace('-', '')[:26]}",
        "owner_id": task.owner,
        "command": "API 0.10",
        "request_time": iso(task.request_time),
        "completion_time": iso(task.completion_time) if task.completion_time else None,
        "deadline": iso(task.deadline),
        "history_deleted": history_deleted(task, world.clock.now()),
        "fatal_error": _fatal_error(task),
        "canceled_by_admin": task.canceled_by_admin,
        "canceled_by_admin_message": task.canceled_by_admin_message,
        **_ends(world, task),
        **_options(task),
        **_counts(world, task),
        **_niceness(task),
    }


def _ends(world: World, task: Task) -> Json:
    ends: Json = {}
    for end, identifier in (("source", task.source), ("destination", task.destination)):
        collection = world.collections[identifier]
        ends[f"{end}_endpoint"] = f"u_simulated#{identifier}"
        ends[f"{end}_endpoint_id"] = identifier
        ends[f"{end}_endpoint_display_name"] = collection.display_name
        ends[f"{end}_base_path"] = None
    ends["source_local_user"] = task.options.source_local_user
    ends["source_local_user_status"] = "OK"
    ends["destination_local_user"] = task.options.destination_local_user
    ends["destination_local_user_status"] = "OK"
    return ends


def _options(task: Task) -> Json:
    options = task.options
    return {
        "sync_level": options.sync_level,
        "encrypt_data": options.encrypt_data,
        "verify_checksum": options.verify_checksum,
        "delete_destination_extra": False,
        "recursive_symlinks": "ignore",
        "preserve_timestamp": options.preserve_timestamp,
        "skip_source_errors": options.skip_source_errors,
        "fail_on_quota_errors": options.fail_on_quota_errors,
        "filter_rules": [dict(rule) for rule in options.filter_rules] or None,
    }


def _counts(world: World, task: Task) -> Json:
    """How far it is. Each file counts as two subtasks: one to look at it, one to copy it."""
    everything = len(task.units) + len(set(task.items)) - len(task.expanded)
    succeeded = sum(
        task.count(UnitState.SUCCEEDED, UnitState.SYNCHRONISED, directories=folders)
        for folders in (True, False)
    )
    skipped = task.count(UnitState.SKIPPED)
    open_ones = everything - succeeded - skipped
    over = {"EXPIRED": "expired", "CANCELED": "canceled"}.get(task.fatal_error or "", "failed")
    retrying = task.count(UnitState.RETRYING) + task.count(UnitState.RETRYING, directories=True)
    return {
        "faults": task.faults,
        "files": task.count(),
        "directories": task.count(directories=True),
        "symlinks": 0,
        "files_skipped": task.count(UnitState.SYNCHRONISED),
        "files_transferred": task.count(UnitState.SUCCEEDED),
        "subtasks_total": 2 * everything,
        "subtasks_pending": 0 if task.finished else 2 * open_ones - retrying,
        "subtasks_retrying": 0 if task.finished else retrying,
        "subtasks_succeeded": 2 * succeeded,
        "subtasks_expired": 0,
        "subtasks_canceled": 0,
        "subtasks_failed": 0,
        "subtasks_skipped_errors": skipped,
        **({f"subtasks_{over}": 2 * open_ones} if task.status is Status.FAILED else {}),
        "bytes_transferred": task.bytes_transferred,
        "bytes_checksummed": task.bytes_checksummed,
        "effective_bytes_per_second": _rate(world, task),
    }


def _rate(world: World, task: Task) -> int:
    end = task.completion_time or world.clock.now()
    seconds = (end - task.request_time).total_seconds()
    return int(task.bytes_transferred / max(seconds, 1.0))


def _niceness(task: Task) -> Json:
    """The words about how it goes; there are none once it has ended."""
    if task.finished:
        return {
            "nice_status": None,
            "nice_status_details": None,
            "nice_status_short_description": None,
            "nice_status_expires_in": None,
            "is_ok": None,
            "is_paused": False,
        }
    fine = task.nice_status in ("OK", "Queued", "PAUSED")
    return {
        "nice_status": task.nice_status,
        "nice_status_details": None,
        "nice_status_short_description": (
            task.nice_status if task.nice_status in ("OK", "Queued") else describe(task.nice_status)
        ),
        "nice_status_expires_in": -1,
        "is_ok": fine,
        "is_paused": task.paused_by is not None,
    }


def _fatal_error(task: Task) -> Json | None:
    if task.fatal_error is None:
        return None
    return {"code": task.fatal_error, "description": describe(task.fatal_error)}


def history_deleted(task: Task, now: datetime) -> bool:
    """Whether the details of a task are gone, as they are a month after it ended."""
    return task.completion_time is not None and now - task.completion_time > HISTORY


def event_document(event: TaskEvent) -> Json:
    """One line of a task's story."""
    return {
        "DATA_TYPE": "event",
        "code": event.code,
        "description": describe(event.code),
        "details": event.details,
        "is_error": event.is_error,
        "time": iso(event.time),
    }


def successful_transfer_document(unit: Unit) -> Json:
    """The proof that one file was moved; the checksum is there when it was verified."""
    return {
        "DATA_TYPE": "successful_transfer",
        "source_path": unit.source_path,
        "destination_path": unit.destination_path,
        "size": unit.size,
        "checksum": unit.checksum,
        "checksum_algorithm": unit.algorithm,
        "dynamic": False,
    }


def skipped_error_document(unit: Unit) -> Json:
    """One file that was left out, and why."""
    error = unit.error
    return {
        "DATA_TYPE": "skipped_error",
        "source_path": unit.source_path,
        "destination_path": unit.destination_path,
        "error_code": error.code if error else None,
        "error_details": error.details if error else None,
        "error_time": iso(unit.error_time) if unit.error_time else None,
        "is_directory": unit.is_directory,
        "is_symlink": False,
        "is_delete_destination_extra": False,
        "external_checksum": unit.item.external_checksum,
        "checksum_algorithm": unit.item.checksum_algorithm,
    }


def pause_info_document(task: Task) -> Json:
    """Why a task is paused."""
    return {
        "DATA_TYPE": "pause_info_limited",
        "pause_rules": [],
        "source_pause_message": task.pause_message if task.paused_by == "SOURCE" else None,
        "source_pause_message_share": None,
        "destination_pause_message": (
            task.pause_message if task.paused_by == "DESTINATION" else None
        ),
        "destination_pause_message_share": None,
    }

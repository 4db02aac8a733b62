"""What happens to an order for a transfer: it is checked, refused, known already, or becomes a task."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from archived.simulator.collection import ALGORITHMS, Collection
from archived.simulator.replies import Json, RefusalError, bad_request
from archived.simulator.task import DEADLINE, Task
from archived.simulator.timing import parse
from archived.simulator.work import Item, Options
from archived.simulator.world import Submission, World

_FLAGS = (
    "verify_checksum",
    "preserve_timestamp",
    "encrypt_data",
    "skip_source_errors",
    "fail_on_quota_errors",
    "notify_on_succeeded",
    "notify_on_failed",
    "notify_on_inactive",
)
_LONGEST_LABEL = 128


def submit(world: World, owner: str, body: Json) -> tuple[str, Task]:
    """Take an order. Returns "Accepted" or "Duplicate", and its task.

    A submission id leads to one task, however often it comes. Raises `RefusalError`: 400 for an order that makes no
    sense, 404 for an unknown collection, 409 while a task of the same paths has not ended or too many are pending.
    """
    submission_id = _submission_id(body)
    with world.changing():
        known = world.submissions.get(submission_id)
        if known is not None and known.owner == owner:
            known.codes.append("Duplicate")
            return "Duplicate", known.task
        task = _task(world, owner, submission_id, body)
        _refuse_conflicts(world, task)
        code = "Duplicate" if _strikes(world, "duplicate", task) else "Accepted"
        task.add_event("STARTED", task.request_time, _STARTED)
        world.tasks[task.id] = task
        world.submissions[submission_id] = Submission(submission_id, owner, task, body, [code])
        return code, task


def change(task: Task, body: Json) -> None:
    """Give a task another label or deadline. Raises `RefusalError` (400) for anything else."""
    if not {"label", "deadline"} & set(body):
        raise bad_request("Only 'label' and 'deadline' can be changed")
    if "label" in body:
        task.label = _label(body)
    deadline = _deadline(body)
    if deadline is not None:
        task.deadline, task.own_deadline = deadline, True


_STARTED = {"type": "GridFTP Transfer", "concurrency": 2, "parallelism": 4, "pipelining": 20}


def _task(world: World, owner: str, submission_id: str, body: Json) -> Task:
    source = world.collection(_text(body, "source_endpoint"))
    destination = world.collection(_text(body, "destination_endpoint"))
    if body.get("delete_destination_extra"):
        # A program that must never delete at the archive is found out loudly, rather than obeyed.
        raise RefusalError(
            400, "ClientError.NotSupported", "delete_destination_extra is not supported here"
        )
    items = _items(body)
    now = world.clock.now()
    deadline = _deadline(body)
    options = _options(body, destination)
    return Task(
        id=str(uuid.uuid4()),
        submission_id=submission_id,
        owner=owner,
        source=source.id,
        destination=destination.id,
        items=items,
        options=options,
        label=options.label,
        request_time=now,
        deadline=deadline or now + DEADLINE,
        own_deadline=deadline is not None,
    )


def _refuse_conflicts(world: World, task: Task) -> None:
    """Raise the two conflicts that there are; both may be had by order, too."""
    unfinished = [other for other in world.of_owner(task.owner) if not other.finished]
    paths = {item.paths for item in task.items}
    same = any(
        (other.source, other.destination) == (task.source, task.destination)
        and {item.paths for item in other.items} == paths
        for other in unfinished
    )
    if same or _strikes(world, "identical_paths", task):
        raise RefusalError(409, "Conflict", "A transfer with identical paths has not yet completed")
    if len(unfinished) >= world.settings.pending_tasks or _strikes(world, "too_many_tasks", task):
        raise RefusalError(
            409,
            "ClientError.Conflict.TooManyPendingJobs",
            f"You have {len(unfinished)} pending tasks, the limit is {world.settings.pending_tasks}",
        )


def _strikes(world: World, name: str, task: Task) -> bool:
    return world.faults.strikes(name, label=task.label or "") is not None


def _submission_id(body: Json) -> str:
    if body.get("DATA_TYPE") != "transfer":
        raise bad_request("The document must have the DATA_TYPE 'transfer'")
    text = _text(body, "submission_id")
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise bad_request(f"'{text}' is not a submission id") from None


def _items(body: Json) -> tuple[Item, ...]:
    lines = body.get("DATA")
    if not isinstance(lines, list) or not lines:
        raise RefusalError(
            400, "ClientError.BadRequest.NoTransferItems", "A transfer requires at least one item"
        )
    return tuple(_item(line) for line in lines)


def _item(line: Any) -> Item:
    if not isinstance(line, dict) or line.get("DATA_TYPE") != "transfer_item":
        raise bad_request("Every entry of DATA must have the DATA_TYPE 'transfer_item'")
    recursive = line.get("recursive")
    if recursive is not None and not isinstance(recursive, bool):
        raise bad_request("'recursive' must be true or false")
    external = _optional_text(line, "external_checksum")
    algorithm = _optional_text(line, "checksum_algorithm")
    if algorithm is not None and algorithm.upper() not in ALGORITHMS:
        raise bad_request(f"There is no checksum algorithm '{algorithm}'")
    if external is not None and recursive:
        raise bad_request("A folder cannot have an external_checksum")
    return Item(
        source_path=_text(line, "source_path"),
        destination_path=_text(line, "destination_path"),
        recursive=recursive,
        external_checksum=external,
        checksum_algorithm=algorithm.upper() if algorithm else None,
    )


def _options(body: Json, destination: Collection) -> Options:
    """The order's settings, the service's defaults where it says nothing: no verification, e-mails for all."""
    flags = {name: body[name] for name in _FLAGS if body.get(name) is not None}
    for name, value in flags.items():
        if not isinstance(value, bool):
            raise bad_request(f"'{name}' must be true or false")
    sync_level = body.get("sync_level")
    if sync_level is not None and sync_level not in (0, 1, 2, 3):
        raise bad_request(f"'sync_level' must be 0, 1, 2 or 3, not {sync_level!r}")
    rules = body.get("filter_rules") or []
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise bad_request("'filter_rules' must be a list of filter_rule documents")
    verify = bool(flags.pop("verify_checksum", False))
    return Options(
        label=_label(body),
        sync_level=sync_level,
        verify_checksum=(verify or destination.force_verify) and not destination.disable_verify,
        source_local_user=_optional_text(body, "source_local_user"),
        destination_local_user=_optional_text(body, "destination_local_user"),
        filter_rules=tuple(rules),
        **flags,
    )


def _label(body: Json) -> str | None:
    label = _optional_text(body, "label")
    if label is None:
        return None
    if len(label) > _LONGEST_LABEL or label != label.strip() or "\n" in label or "\r" in label:
        raise bad_request(
            "A label has at most 128 characters, no line breaks and no blanks at either end"
        )
    return label


def _deadline(body: Json) -> datetime | None:
    text = _optional_text(body, "deadline")
    if text is None:
        return None
    try:
        return parse(text)
    except ValueError:
        raise bad_request(f"'{text}' is not a time") from None


def _text(document: Json, name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise bad_request(f"Missing required field '{name}'")
    return value


def _optional_text(document: Json, name: str) -> str | None:
    value = document.get(name)
    if value is not None and not isinstance(value, str):
        raise bad_request(f"'{name}' must be text")
    return value

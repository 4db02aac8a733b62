"""The routes about tasks: reserve a submission id, submit, look, cancel, change, and ask what arrived."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from archived.clock import monotonic
from archived.simulator.access import Consents, require_collection
from archived.simulator.documents import (
    event_document,
    history_deleted,
    pause_info_document,
    skipped_error_document,
    successful_transfer_document,
    task_document,
)
from archived.simulator.filters import fields_of, ordered, selector
from archived.simulator.replies import (
    Call,
    Handler,
    Json,
    RefusalError,
    Reply,
    bad_request,
    json_reply,
    result,
)
from archived.simulator.submission import change, submit
from archived.simulator.task import Task
from archived.simulator.work import UnitState
from archived.simulator.world import World

_TASK_FILTERS = ("task_id", "type", "status", "label", "request_time", "completion_time")
_TASK_ORDERS = (*_TASK_FILTERS, "faults")
_MOST = 1000
_SECONDS_TO_CANCEL = 10.0


class TransferApi:
    """The handlers, bound to a world."""

    def __init__(self, world: World, consents: Consents) -> None:
        self._world = world
        self._consents = consents

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Method, path and handler of each route."""
        task = "/v0.10/task/{task_id}"
        return [
            ("GET", "/v0.10/submission_id", self.submission_id),
            ("POST", "/v0.10/transfer", self.transfer),
            ("GET", "/v0.10/task_list", self.task_list),
            ("GET", task, self.task),
            ("PUT", task, self.update),
            ("POST", f"{task}/cancel", self.cancel),
            ("POST", f"{task}/remove", self.remove),
            ("GET", f"{task}/event_list", self.event_list),
            ("GET", f"{task}/successful_transfers", self.successful_transfers),
            ("GET", f"{task}/skipped_errors", self.skipped_errors),
            ("GET", f"{task}/pause_info", self.pause_info),
        ]

    def submission_id(self, call: Call) -> Reply:
        """A fresh submission id."""
        return json_reply({"DATA_TYPE": "submission_id", "value": str(uuid.uuid4())})

    def transfer(self, call: Call) -> Reply:
        """Take an order; one that was taken before leads to the same task."""
        body = call.json()
        for end in ("source_endpoint", "destination_endpoint"):
            if isinstance(body.get(end), str):
                require_collection(self._world, body[end], call.identity, self._consents)
        code, task = submit(self._world, call.identity, body)
        accepted = code == "Accepted"
        message = (
            "The transfer has been accepted and a task has been created and queued for execution"
            if accepted
            else "This transfer has been accepted before, it is the task named here"
        )
        link = {
            "DATA_TYPE": "link",
            "href": f"/v0.10/task/{task.id}?format=json",
            "rel": "related",
            "resource": "task",
            "title": "related task",
        }
        document = result("transfer_result", code, message, "/v0.10/transfer")
        document |= {
            "submission_id": task.submission_id,
            "task_id": task.id,
            "task_link": link,
        }
        return json_reply(document, status=202 if accepted else 200)

    def task(self, call: Call) -> Reply:
        """How a task stands."""
        task = self._task(call)
        with self._world.lock:
            return json_reply(task_document(self._world, task))

    def task_list(self, call: Call) -> Reply:
        """The tasks of who calls, the newest first unless told otherwise; transfers unless told otherwise."""
        text = call.one("filter")
        if "type" not in fields_of(text):
            text = "/".join(filter(None, ("type:TRANSFER", text)))
        test = selector(text, _TASK_FILTERS)
        with self._world.lock:
            documents = [
                task_document(self._world, task) for task in self._world.of_owner(call.identity)
            ]
        chosen = [document for document in reversed(documents) if test(document)]
        chosen = ordered(chosen, call.one("orderby") or "request_time DESC", _TASK_ORDERS)
        return json_reply(_page(call, "task_list", chosen))

    def update(self, call: Call) -> Reply:
        """Change the label or the deadline of a task that has not ended."""
        task = self._task(call)
        body = call.json()
        with self._world.changing():
            if task.finished:
                raise RefusalError(
                    409, "ClientError.Conflict", "The task has ended and cannot be changed"
                )
            change(task, body)
        return json_reply(
            result("result", "Updated", "The task has been updated successfully", call.path)
        )

    def cancel(self, call: Call) -> Reply:
        """End a task; waits until nothing of it goes on any more."""
        task = self._task(call)
        with self._world.changing():
            if task.finished:
                text = "The task completed before the cancel request was processed"
                return json_reply(result("result", "TaskComplete", text, _short(call.path)))
            task.cancel(self._world.clock.now())
        until = monotonic() + _SECONDS_TO_CANCEL
        with self._world.changed:
            while task.working and (left := until - monotonic()) > 0:
                self._world.changed.wait(left)
        text = "The task has been cancelled successfully."
        return json_reply(result("result", "Canceled", text, _short(call.path)))

    def remove(self, call: Call) -> Reply:
        """Forget a task that has ended."""
        task = self._task(call)
        with self._world.changing():
            if not task.finished:
                raise RefusalError(409, "ClientError.Conflict", "The task has not ended yet")
            del self._world.tasks[task.id]
        return json_reply(
            result("result", "Removed", "The task has been removed successfully", call.path)
        )

    def event_list(self, call: Call) -> Reply:
        """A task's story, the newest line first."""
        task = self._task(call)
        with self._world.lock:
            kept = not history_deleted(task, self._world.clock.now())
            events = list(reversed(task.events)) if kept else []
        if call.one("filter") == "is_error:1":
            events = [event for event in events if event.is_error]
        elif call.one("filter"):
            raise bad_request(f"Invalid filter '{call.one('filter')}'")
        return json_reply(_page(call, "event_list", [event_document(event) for event in events]))

    def successful_transfers(self, call: Call) -> Reply:
        """The files that a task moved. What it found in place already is not among them."""
        task = self._task(call)
        late = self._world.faults.strikes("receipts_late", label=task.label or "")
        if not task.finished or late is not None:
            raise RefusalError(
                409, "ClientError.Conflict", "The task has not completed, or is not recorded yet"
            )
        with self._world.lock:
            documents = [
                successful_transfer_document(unit)
                for unit in task.units
                if unit.state is UnitState.SUCCEEDED and not unit.is_directory
            ]
        return self._marked(call, task, "successful_transfers", documents)

    def skipped_errors(self, call: Call) -> Reply:
        """The files that a task left out because of errors at the source."""
        task = self._task(call)
        with self._world.lock:
            documents = [
                skipped_error_document(unit)
                for unit in task.units
                if unit.state is UnitState.SKIPPED
            ]
        return self._marked(call, task, "skipped_errors", documents)

    def pause_info(self, call: Call) -> Reply:
        """Why a task is paused."""
        task = self._task(call)
        with self._world.lock:
            return json_reply(pause_info_document(task))

    def _task(self, call: Call) -> Task:
        return self._world.task(call.parameters["task_id"], call.identity)

    def _marked(self, call: Call, task: Task, data_type: str, documents: Iterable[Json]) -> Reply:
        """A page of a list that goes on at a marker."""
        kept = not history_deleted(task, self._world.clock.now())
        everything = list(documents) if kept else []
        start = call.number("marker", 0, most=len(everything))
        end = start + self._world.settings.page
        return json_reply(
            {
                "DATA_TYPE": data_type,
                "marker": start,
                "next_marker": end if end < len(everything) else None,
                "DATA": everything[start:end],
            }
        )


def _page(call: Call, data_type: str, documents: list[Json]) -> Json:
    """A page of a list by offset and limit; ten entries where no limit is given, as the service does it."""
    offset = call.number("offset", 0, most=len(documents))
    limit = call.number("limit", 10, most=_MOST)
    page = documents[offset : offset + limit]
    return {
        "DATA_TYPE": data_type,
        "length": len(page),
        "limit": limit,
        "offset": offset,
        "total": len(documents),
        "DATA": page,
    }


def _short(path: str) -> str:
    """The resource as some answers name it, without the version of the interface."""
    return path.removeprefix("/v0.10")

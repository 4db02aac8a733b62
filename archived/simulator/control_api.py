"""The control interface over HTTP, under `/_control`: the levers of `Controls` for programs and people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from archived.errors import NameNotFoundError
from archived.simulator.controls import Controls
from archived.simulator.replies import (
    Call,
    Handler,
    RefusalError,
    Reply,
    bad_request,
    json_reply,
    not_found,
)


class ControlApi:
    """The handlers, bound to the levers."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Method, path and handler of each route."""
        routes: list[tuple[str, str, Handler]] = [
            ("GET", "/_control", self.state),
            ("GET", "/_control/tasks", self.tasks),
            ("POST", "/_control/tasks/{task_id}/{verb}", self.steer),
            ("GET", "/_control/submissions", self.submissions),
            ("GET", "/_control/faults", self.faults),
            ("POST", "/_control/faults", self.order),
            ("DELETE", "/_control/faults", self.clear),
            ("DELETE", "/_control/faults/{number:int}", self.clear_one),
            ("POST", "/_control/clock", self.clock),
            ("POST", "/_control/settings", self.settings),
            ("POST", "/_control/collections/{collection_id}", self.collection),
            ("POST", "/_control/logins/end", self.end_logins),
        ]
        return [(method, path, _polite(handler)) for method, path, handler in routes]

    def state(self, call: Call) -> Reply:
        """Everything at a glance."""
        return json_reply(self._controls.state())

    def tasks(self, call: Call) -> Reply:
        """Every task."""
        return json_reply(self._controls.tasks())

    def submissions(self, call: Call) -> Reply:
        """Every submission id that was used."""
        return json_reply(self._controls.submissions())

    def faults(self, call: Call) -> Reply:
        """The faults in force."""
        return json_reply([order.as_dict() for order in self._controls.world.faults.in_force()])

    def order(self, call: Call) -> Reply:
        """Order a fault: `{"name": …, "times": …, …}`."""
        options = call.json()
        name = str(options.pop("name", ""))
        return json_reply(self._controls.order(name, **options).as_dict(), status=201)

    def clear(self, call: Call) -> Reply:
        """End all faults, or those of one `name`."""
        return json_reply({"cleared": self._controls.clear_faults(call.one("name") or None)})

    def clear_one(self, call: Call) -> Reply:
        """End one fault."""
        number = int(call.parameters["number"])
        return json_reply({"cleared": self._controls.clear_faults(number=number)})

    def steer(self, call: Call) -> Reply:
        """Do something to one task: finish, expire, cancel, pause, unpause or forget it."""
        verbs: dict[str, Callable[..., None]] = {
            "finish": self._controls.finish,
            "expire": self._controls.expire,
            "cancel": self._controls.cancel_as_administrator,
            "pause": self._controls.pause_task,
            "unpause": self._controls.unpause_task,
            "forget": self._controls.forget,
        }
        verb = verbs.get(call.parameters["verb"])
        if verb is None:
            raise not_found("A task can be told to " + ", ".join(verbs))
        verb(call.parameters["task_id"], **call.json())
        return self.tasks(call)

    def clock(self, call: Call) -> Reply:
        """Move the clock: `{"advance": seconds}`, `{"freeze": true}` or `{"freeze": false}`."""
        wishes = call.json()
        if "freeze" in wishes:
            (self._controls.freeze if wishes["freeze"] else self._controls.thaw)()
        self._controls.advance(float(wishes.get("advance", 0)))
        return json_reply({"now": self._controls.state()["now"]})

    def settings(self, call: Call) -> Reply:
        """Set `paused`, `task_rate`, `latency`, or any other of the settings."""
        settings: Any = self._controls.settings
        wishes = call.json()
        for name, value in wishes.items():
            if not hasattr(settings, name):
                raise bad_request(f"There is no setting '{name}'")
            unlimited = name == "task_rate" and value is None
            if not isinstance(value, int | float) and not unlimited:
                raise bad_request(f"'{name}' must be a number, true or false")
        for name, value in wishes.items():
            setattr(settings, name, value)
        self._controls.advance(0)
        return json_reply({name: getattr(settings, name) for name in settings.__slots__})

    def collection(self, call: Call) -> Reply:
        """Switch something of a collection: `{"connected": false}` and others."""
        self._controls.switch(call.parameters["collection_id"], **call.json())
        return json_reply(self._controls.state()["collections"])

    def end_logins(self, call: Call) -> Reply:
        """Let every token be worth nothing."""
        self._controls.end_logins(**call.json())
        return json_reply({})


def _polite(handler: Handler) -> Handler:
    """The handler, with unknown names and options answered as what they are."""

    def wrapped(call: Call) -> Reply:
        try:
            return handler(call)
        except NameNotFoundError as error:
            raise RefusalError(404, "NotFound", f"{error} {error.what_to_do}".strip()) from error
        except (TypeError, ValueError) as error:
            raise bad_request(str(error)) from error

    return wrapped

"""The routes that look into a collection or change it: ls, stat, mkdir, rename, and what a collection is."""

from __future__ import annotations

from collections.abc import Callable

from archived.simulator.access import require_collection, require_online
from archived.simulator.collection import Collection
from archived.simulator.endpoint_document import endpoint_document
from archived.simulator.filters import ordered, selector
from archived.simulator.listing import FIELDS, file_document, folder_documents
from archived.simulator.operation_errors import (
    LOGIN_DENIED,
    change_error,
    denied,
    listing_error,
    says,
    stat_error,
)
from archived.simulator.replies import (
    Call,
    Handler,
    RefusalError,
    Reply,
    bad_request,
    json_reply,
    result,
)
from archived.simulator.world import World

_MOST_FOUND = 1000


class OperationsApi:
    """The handlers, bound to a world."""

    def __init__(self, world: World, consents: Callable[[str, str], bool]) -> None:
        self._world = world
        self._consents = consents

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Method, path and handler of each route."""
        operation = "/v0.10/operation/endpoint/{endpoint_id}"
        return [
            ("GET", "/v0.10/endpoint/{endpoint_id}", self.endpoint),
            ("GET", "/v0.10/endpoint_search", self.endpoint_search),
            ("GET", f"{operation}/ls", self.ls),
            ("GET", f"{operation}/stat", self.stat),
            ("POST", f"{operation}/mkdir", self.mkdir),
            ("POST", f"{operation}/rename", self.rename),
        ]

    def endpoint(self, call: Call) -> Reply:
        """What a collection is."""
        collection = self._world.collection(call.parameters["endpoint_id"])
        return json_reply(endpoint_document(collection, self._world.clock.now()))

    def endpoint_search(self, call: Call) -> Reply:
        """Collections by words of their name, or all there are when none are given."""
        words = call.one("filter_fulltext").lower().split()
        kind = call.one("filter_entity_type")
        owner = call.one("filter_owner_id")
        found = [
            endpoint_document(collection, self._world.clock.now())
            for collection in self._world.collections.values()
            if all(word in f"{collection.display_name} {collection.id}".lower() for word in words)
            and kind in ("", collection.kind.value)
            and owner in ("", collection.owner_id)
        ]
        offset = call.number("offset", 0, most=_MOST_FOUND)
        limit = call.number("limit", 100, most=_MOST_FOUND)
        page = found[offset : offset + limit]
        return json_reply(
            {
                "DATA_TYPE": "endpoint_list",
                "DATA": page,
                "limit": limit,
                "offset": offset,
                "has_next_page": offset + limit < len(found),
            }
        )

    def ls(self, call: Call) -> Reply:
        """What a folder holds, filtered, ordered and cut as asked."""
        collection = self._usable(call)
        path = call.one("path") or collection.default_directory
        self._refuse_by_order(collection, path, "ls")
        try:
            absolute = collection.absolute(path)
            hidden = call.one("show_hidden", "1") not in ("0", "false")
            documents = folder_documents(collection, path, hidden=hidden)
        except OSError as error:
            raise listing_error(error, collection, path) from error
        most = self._world.settings.listing_limit
        if len(documents) > most:
            raise RefusalError(
                502,
                "ExternalError.DirListingFailed.SizeLimit",
                f"Directory limit of {most} reached. You can still transfer this directory.",
            )
        filters = [selector(text, FIELDS) for text in call.all("filter") if text]
        chosen = [doc for doc in documents if not filters or any(test(doc) for test in filters)]
        chosen = ordered(chosen, call.one("orderby") or "type,name", FIELDS)
        offset, limit = call.number("offset", 0, most=most), call.number("limit", most, most=most)
        page = chosen[offset : offset + limit]
        folder = absolute.rstrip("/") + "/"
        return json_reply(
            {
                "DATA_TYPE": "file_list",
                "endpoint": collection.id,
                "path": folder,
                "absolute_path": folder,
                "rename_supported": True,
                "symlink_supported": False,
                "length": len(page),
                "total": len(chosen),
                "limit": limit,
                "offset": offset,
                "DATA": page,
            }
        )

    def stat(self, call: Call) -> Reply:
        """What is known of one file or folder."""
        collection = self._usable(call)
        path = call.one("path")
        if not path:
            raise bad_request("Missing required parameter 'path'")
        self._refuse_by_order(collection, path, "stat")
        try:
            absolute = collection.absolute(path)
            document = file_document(collection.resolve(path), absolute.rpartition("/")[2] or "/")
        except OSError as error:
            raise stat_error(error, collection, path) from error
        return json_reply(document)

    def mkdir(self, call: Call) -> Reply:
        """Make one folder; its parent must be there."""
        collection = self._usable(call)
        path = self._body_path(call, "path")
        self._refuse_by_order(collection, path, "mkdir")
        try:
            collection.resolve(path).mkdir()
        except FileExistsError as error:
            raise RefusalError(
                502,
                "ExternalError.MkdirFailed.Exists",
                says("mkdir", collection, path, "Path already exists"),
            ) from error
        except OSError as error:
            raise change_error("Mkdir", error, collection, path) from error
        return json_reply(
            result(
                "mkdir_result",
                "DirectoryCreated",
                "The directory was created successfully",
                call.path,
            )
        )

    def rename(self, call: Call) -> Reply:
        """Give a file or folder another name; what has that name already is not replaced."""
        collection = self._usable(call)
        old, new = self._body_path(call, "old_path"), self._body_path(call, "new_path")
        self._refuse_by_order(collection, old, "rename")
        try:
            source, target = collection.resolve(old), collection.resolve(new)
            if target.exists():
                message = says("rename", collection, new, "Path already exists")
                raise RefusalError(502, "ExternalError.RenameFailed.Exists", message)
            source.rename(target)
        except OSError as error:
            raise change_error("Rename", error, collection, old) from error
        return json_reply(
            result("result", "FileRenamed", "File or directory renamed successfully", call.path)
        )

    def _usable(self, call: Call) -> Collection:
        """The collection of the route, if it may be used by who calls and is there."""
        collection = require_collection(
            self._world, call.parameters["endpoint_id"], call.identity, self._consents
        )
        require_online(self._world, collection)
        return collection

    @staticmethod
    def _body_path(call: Call, name: str) -> str:
        path = call.json().get(name)
        if not isinstance(path, str) or not path:
            raise bad_request(f"Missing required field '{name}'")
        return path

    def _refuse_by_order(self, collection: Collection, path: str, what: str) -> None:
        faults = self._world.faults
        if faults.strikes("session_expired", collection=collection.id, path=path):
            raise RefusalError(
                502,
                "ExternalError.DirListingFailed.LoginFailed",
                says(what, collection, path, LOGIN_DENIED),
                authorization_parameters={
                    "session_message": "Session reauthentication required",
                    "session_required_single_domain": ["example.org"],
                },
            )
        if faults.strikes("operation_denied", collection=collection.id, path=path):
            raise denied(collection, path, what)

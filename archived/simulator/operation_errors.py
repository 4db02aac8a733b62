"""How a collection's refusals read: what an error of the file system becomes on its way to the client."""

from __future__ import annotations

import errno

from archived.simulator.collection import Collection
from archived.simulator.problems import details
from archived.simulator.replies import RefusalError, not_found

LOGIN_DENIED = (
    "530-Login incorrect. : GlobusError: v=1 c=LOGIN_DENIED\\r\\n"
    '530-GridFTP-JSON-Result: {"DATA_TYPE": "result#1.0.0", "code": "permission_denied", '
    '"detail": {"DATA_TYPE": "not_from_allowed_domain#1.0.0", "allowed_domains": ["example.org"]}}'
    "\\r\\n530 End.\\r\\n"
)


def says(what: str, collection: Collection, path: str, words: str) -> str:
    return (
        f"Error ({what})\nEndpoint: {collection.display_name} ({collection.id})\n"
        f"Server: 127.0.0.1:443\nFile: {path}\nMessage: Fatal FTP response\n---\nDetails: {words}\n"
    )


def denied(collection: Collection, path: str, what: str) -> RefusalError:
    message = "Denied by endpoint, " + details(
        "PERMISSION_DENIED", collection, path, at_source=True
    )
    return RefusalError(403, "EndpointPermissionDenied", message.replace("transfer", what, 1))


def _path_not_found(collection: Collection, path: str) -> str:
    return "Path not found, Error (list)\n" + (
        f"Endpoint: {collection.display_name} ({collection.id})\nServer: 127.0.0.1:443\n"
        f"Message: No such file or directory\n---\nDetails: Error: '{path}' not found\\r\\n"
        "550-GlobusError: v=1 c=PATH_NOT_FOUND\\r\\n550-GridFTP-Errno: 2\\r\\n550 End.\\r\\n"
    )


def listing_error(error: OSError, collection: Collection, path: str) -> RefusalError:
    if error.errno in (errno.ENOENT, errno.EILSEQ):
        return RefusalError(404, "ClientError.NotFound", _path_not_found(collection, path))
    last = {errno.ENOTDIR: ".NotDirectory", errno.EACCES: ".PermissionDenied"}
    words = error.strerror or "System error"
    return RefusalError(
        502,
        "ExternalError.DirListingFailed" + last.get(error.errno or 0, ""),
        says("list", collection, path, words),
    )


def stat_error(error: OSError, collection: Collection, path: str) -> RefusalError:
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EILSEQ):
        return RefusalError(404, "NotFound", _path_not_found(collection, path))
    return denied(collection, path, "stat")


def change_error(what: str, error: OSError, collection: Collection, path: str) -> RefusalError:
    if error.errno == errno.ENOENT and what == "Rename":
        return not_found(_path_not_found(collection, path))
    if error.errno in (errno.EACCES, errno.EPERM):
        return denied(collection, path, what.lower())
    words = error.strerror or "System error"
    return RefusalError(
        502, f"ExternalError.{what}Failed", says(what.lower(), collection, path, words)
    )

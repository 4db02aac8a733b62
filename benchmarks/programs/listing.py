"""List folders of a collection with the library alone, as many at once as `discover` does: `listing COLLECTION FOLDERS`."""

from __future__ import annotations

import json
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import globus_sdk

from archived.discover.walking import AT_ONCE
from benchmarks.measuring import section


def main(collection: str, folders: str) -> None:
    """The file has one folder on each line. A client for each thread, as the library wants it."""
    local = threading.local()

    def prepare() -> None:
        login = globus_sdk.ConfidentialAppAuthClient(
            os.environ["GLOBUS_CLI_CLIENT_ID"], os.environ["GLOBUS_CLI_CLIENT_SECRET"]
        )
        authorizer = globus_sdk.ClientCredentialsAuthorizer(
            login, globus_sdk.TransferClient.scopes.all
        )
        local.client = globus_sdk.TransferClient(authorizer=authorizer)

    def entries(folder: str) -> int:
        return sum(1 for _ in local.client.operation_ls(collection, "/" + folder, show_hidden=True))

    wanted = Path(folders).read_text().splitlines()
    with ThreadPoolExecutor(AT_ONCE, initializer=prepare) as pool, section() as figures:
        listed = sum(pool.map(entries, wanted))
    json.dump(figures | {"entries": listed}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])

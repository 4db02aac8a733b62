"""The events worth finding again, each with its fixed id, as `journalctl MESSAGE_ID=…` and `-x` know them.

An id is never changed or used for something else; `packaging/systemd/archived.catalog` explains each to people.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

MESSAGE_IDS: Mapping[str, str] = MappingProxyType(
    {
        "daemon started": "1060cf4c04a2423eb85a6c1aa91999f0",
        "daemon stopping": "68bd1b0744194960bbd51ef5cc664c9e",
        "configuration reloaded": "1e3e0606c33b4e3e98e3ef37567e9df4",
        "configuration refused": "c228c72517bc4ad1a61ad182af8b18fb",
        "root unavailable": "16f4b8fc68fc4935b907837977e5bd9a",
        "events were lost, looking at everything": "950779a1f41f440cbb544c062aea3918",
        "store unavailable": "372c28a101644f679daa1885bc6d1a46",
        "store is back": "0e2b3a5c9f7d4c1f8a64d7b0c2e19f53",
        "login required": "6e383f92e895429eb3be3c3e2a54bae8",
        "mover unavailable": "89d228de09e6465589d7a65c59fd9fb6",
        "dataset moved": "ccb95537870e4c9aad47e1a90443ade4",
        "dataset needs a person": "c86a589eec394ee4b334f4bd38510d8a",
        "batch submitted": "34d420198314464b87bf334f094383aa",
        "batch sent": "976d8b8890794379afb0f6d911a04d61",
        "batch refused": "357f2143ef6647a38ee52042458595e5",
        "batch failed": "bfaf3fe8d51d45eaa6e6be3c068ef2fb",
        "batch can never finish": "801475b3c0fd49cd8bc8193049d91a36",
        "batch verified": "527f714339d1499d88d71a2d8ebe76cb",
        "task unknown": "85beaaeec98c4ee49a655072c11c0b95",
    }
)

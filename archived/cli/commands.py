"""The table of the commands; each is a file beside this one, imported when it is called."""

from __future__ import annotations

from archived.cli.shell import CommandRow, archivedctl

COMMANDS = (
    CommandRow("status", "How everything is, at one look."),
    CommandRow("rigs", "Show the rigs that share the store."),
    CommandRow("list", "List datasets."),
    CommandRow("show", "Show all that is known of one dataset."),
    CommandRow("record", "Print what the archive is told of one dataset."),
    CommandRow("why", "Explain why a file or folder is archived, or not yet."),
    CommandRow("events", "Show what happened to the datasets, in order."),
    CommandRow("metrics", "Print the numbers of this rig as Prometheus reads them."),
    CommandRow("web", "Serve pages to look at, for a browser."),
    CommandRow("alerts", "Try the addresses that alarms are sent to."),
    CommandRow("init", "Write a configuration by answering questions, and check it."),
    CommandRow("check", "Check the configuration, then pay a doctor's visit."),
    CommandRow("publish", "Archive what is there now, without a daemon."),
    CommandRow("discover", "Register what the archive holds, and tell what is missing there."),
    CommandRow("backup", "Copy the store, also while the daemon runs, and prove the copy."),
    CommandRow("restore", "Put a backup of the store back."),
    CommandRow("retrieve", "Bring recordings back from the archive."),
    CommandRow("verify", "Look whether the archive still holds what was archived."),
    CommandRow("retry", "Try again what failed or waits."),
    CommandRow("hold", "Leave datasets alone until they are released."),
    CommandRow("release", "Let held datasets go on."),
    CommandRow("accept", "Archive datasets as they are, whatever spoke against it."),
    CommandRow("subjects", "Show and say which animal has which number."),
    CommandRow("pause", "Begin no new transfers for a while."),
    CommandRow("resume", "End a pause."),
    CommandRow("login", "Log in to Globus with a person's account."),
    CommandRow("logout", "Forget the login to Globus, and revoke it."),
    CommandRow("whoami", "Show which identity transfers are made with."),
    CommandRow("import-config", "Take over the configuration of map-ephys."),
    CommandRow("datajoint", "Mirror the catalogue into the lab's DataJoint database."),
    CommandRow("simulate", "Run a simulated Globus on this machine."),
    CommandRow("completion", "Print the script that completes names in a shell."),
)
"""Every command, in the order of `archivedctl --help`. A row NAME stands for `archived/cli/NAME.py`, with `_` for `-`."""

cli = archivedctl(COMMANDS)
"""The program `archivedctl`, as click has it."""

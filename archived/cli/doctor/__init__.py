"""The doctor's visit of `check`: one function for each thing to look at, and lists of them in order.

Each looks only: at a disk, a store, a collection. What hangs is given up, and the others go on.
"""

from __future__ import annotations

from archived.cli.alert_findings import alerts
from archived.cli.doctor.catalogue import store
from archived.cli.doctor.disks import directories, roots
from archived.cli.doctor.globus import (
    clock_at_globus,
    collections,
    login,
    login_age,
    path_mapping,
    rights,
)
from archived.cli.doctor.machine import inotify, service, time_of_day
from archived.cli.doctor.records import records
from archived.cli.doctor.setting import configuration_on_disk, secret, subjects
from archived.cli.doctor.visit import Examination

HERE: tuple[Examination, ...] = (
    configuration_on_disk,
    secret,
    store,
    subjects,
    roots,
    inotify,
    time_of_day,
    records,
    alerts,
    service,
    login_age,
)
"""What is looked at on this machine, the most basic things first."""

ELSEWHERE: tuple[Examination, ...] = (directories, login)
"""What is looked at where recordings go."""

LOGGED_IN: tuple[Examination, ...] = (collections, path_mapping, rights, clock_at_globus)
"""What is looked at with a login, and left out without a usable one."""

"""Runs the programs of this folder, each in a process of its own that need not load DataJoint anew, which takes seconds.

Reads a line of JSON for each, a program and its order, and prints one: the exit code, and what it printed.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import tempfile
import traceback
from pathlib import Path
from typing import IO

import datajoint  # noqa: F401 - for those that are forked off
import pymysql  # noqa: F401

HERE = Path(__file__).parent


def run(program: str, order: object, out: IO[bytes], err: IO[bytes]) -> int:
    """Fork, run, and wait."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        sys.argv = [program, json.dumps(order)]
        runpy.run_path(str(HERE / f"{program}.py"), run_name="__main__")
        code = 0
    except BaseException:  # noqa: BLE001 - it is told to who asked
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


for line in sys.stdin:
    asked = json.loads(line)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        code = run(asked["program"], asked["order"], out, err)
        said = []
        for each in (out, err):
            each.seek(0)
            said.append(each.read().decode(errors="replace"))
    sys.stdout.write(json.dumps([code, *said]) + "\n")
    sys.stdout.flush()

"""Nothing is created, moved or opened for writing below a watched root (safety rule 3)."""

from __future__ import annotations

from pathlib import Path

from tests.rig.support import in_namespace

USE_EVERYTHING = """
from archived import clock
from archived.rig.reader import open_readable
from archived.rig.root import Root
from archived.rig.scanner import FolderSeen, look, stat_files
from archived.rig.watcher import Watcher

def use(top, beside):
    root = Root(top)
    identity = root.identify()
    files = [
        file.path
        for folder in look(root, now=clock.now())
        if isinstance(folder, FolderSeen)
        for file in folder.files
    ]
    assert len(files) == 2, files
    assert all(stat_files(root, files).values())
    for path in files:
        with open_readable(root, path) as file:
            assert file.read(0, 100) == path.encode()
    watcher = Watcher([top], canary_dir=beside, wake=lambda: None)
    watcher.start()
    for second in range(5):
        health = watcher.confirm(float(second))
        threading.Event().wait(0.05)
    assert health.alive and health.mode == "events", health
    watcher.stop()
    root.confirm(identity)
"""

AUDITED = (
    USE_EVERYTHING
    + """
top, beside = sys.argv[1:]
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
HARMLESS = {"os.scandir", "os.listdir", "os.walk"}
seen, wrong = set(), []

def audit(event, arguments):
    if event == "open":
        path, _mode, flags = arguments
        seen.add(os.path.basename(os.fsdecode(path)) if isinstance(path, (str, bytes)) else "")
        inside = not os.path.isabs(os.fsdecode(path)) or os.fsdecode(path).startswith(top)
        if inside and flags & WRITING:
            wrong.append((event, arguments))
    elif event.startswith(("os.", "shutil.")) and event not in HARMLESS:
        if not os.fsdecode(arguments[0]).startswith(beside):
            wrong.append((event, arguments))

use(top, beside)
sys.addaudithook(audit)
use(top, beside)
assert {"SC011", "a.bin"} <= seen, seen
assert not wrong, wrong
# The hook would have noticed:
os.close(os.open(os.path.join(top, "x"), os.O_WRONLY | os.O_CREAT))
os.mkdir(os.path.join(top, "y"))
assert [event for event, _ in wrong] == ["open", "os.mkdir"], wrong
"""
)

READ_ONLY = (
    USE_EVERYTHING
    + """
top, beside = sys.argv[1:]
sh("mount", "--bind", top, top)
sh("mount", "-o", "remount,bind,ro", top)
try:
    open(os.path.join(top, "x"), "w")
except OSError:
    use(top, beside)
else:
    raise SystemExit("the root is not read-only")
"""
)


def prepared(tmp_path: Path) -> tuple[Path, Path]:
    top = tmp_path / "raw"
    (top / "SC011").mkdir(parents=True)
    for path in ("SC011/a.bin", "notes"):
        (top / path).write_bytes(path.encode())
    (top / "link").symlink_to("/etc")
    return top, tmp_path / "canary"


def test_no_call_of_ours_opens_for_writing_or_changes_anything_below_the_root(
    tmp_path: Path,
) -> None:
    in_namespace(AUDITED, *prepared(tmp_path), prefix=())


def test_everything_works_on_a_root_that_is_mounted_read_only(tmp_path: Path) -> None:
    in_namespace(READ_ONLY, *prepared(tmp_path))

"""What cannot be printed, and a configuration that cannot be read, are told in our words and with our exit codes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from archived import clock
from tests.cli.contract import fits
from tests.cli.rigs import CliRig
from tests.rig.support import open_to_all, without_privileges
from tests.store.bench import Bench

FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
class TestFullDisk:
    @pytest.mark.parametrize(
        "words", [["list"], ["list", "--json"], ["status"], ["why", "/x"], ["--help"]], ids=" ".join
    )
    def test_a_full_disk_is_told_and_is_no_traceback(
        self, rig: CliRig, bench: Bench, words: list[str]
    ) -> None:
        bench.ready("a.ap.bin")
        with FULL.open("w") as full:
            done = subprocess.run(
                [*rig.program, *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False
            )

        assert done.returncode == 1
        assert "could not be printed: No space left on device" in done.stderr
        assert "Traceback" not in done.stderr
        assert len([each for each in done.stderr.splitlines() if "archivedctl: " in each]) == 2

    def test_with_nowhere_to_tell_it_the_exit_code_is_left(self, rig: CliRig, bench: Bench) -> None:
        with FULL.open("w") as full:
            done = subprocess.run([*rig.program, "list"], stdout=full, stderr=full, check=False)

        assert done.returncode == 1

    def test_what_the_command_did_is_done(self, rig: CliRig, bench: Bench) -> None:
        with FULL.open("w") as full:
            subprocess.run(
                [*rig.program, "pause"], stdout=full, stderr=subprocess.PIPE, check=False
            )

        assert rig.json("status")["paused"] is not None


def test_another_error_of_the_system_is_still_a_bug(
    rig: CliRig, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("archived.cli.list.dataset_view", full)
    bench.ready("a.ap.bin")

    with pytest.raises(OSError, match="No space"):
        rig.type("list")


class TestConfiguration:
    def test_one_that_may_not_be_read_is_a_bad_configuration(self) -> None:
        with open_to_all() as base:
            rig = CliRig(base, now=clock.now())
            rig.configuration.chmod(0)
            with without_privileges():
                result = rig.type("status")
                told = rig.json("status", code=78)

        assert result.exit_code == 78
        assert "cannot be read: Permission denied" in result.stderr
        fits(told, "error")

    def test_a_folder_is_none(self, rig: CliRig) -> None:
        result = rig.type_plainly("-c", str(rig.base), "status")

        assert result.exit_code == 78
        assert "which -c names" in result.stderr

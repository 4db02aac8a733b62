"""`simulate` and `completion`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from click.shell_completion import BashComplete

from archived.cli import COMMANDS, cli
from tests.cli.rigs import G0, G1, CliRig, archived_and_ready
from tests.store.bench import Bench

PROGRAM = (sys.executable, "-m", "archived.cli")
ONE = "c40e971d-0075-4a82-b12f-8f9717762e7b"
EXPORTED = {
    "GLOBUS_SDK_ENVIRONMENT",
    "GLOBUS_SDK_SERVICE_URL_TRANSFER",
    "GLOBUS_SDK_SERVICE_URL_AUTH",
    "GLOBUS_CLI_CLIENT_ID",
    "GLOBUS_CLI_CLIENT_SECRET",
}


class TestSimulate:
    def start(self, tmp_path: Path, *words: str) -> subprocess.Popen[str]:
        """Start it for one collection."""
        return subprocess.Popen(
            [*PROGRAM, "simulate", *words, "--collection", f"{ONE}={tmp_path}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_it_prints_what_to_export_and_serves_until_it_is_stopped(
        self, tmp_path: Path, number: signal.Signals
    ) -> None:
        process = self.start(tmp_path)
        assert process.stdout is not None
        told = {}
        while set(told) < EXPORTED:
            key, equals, value = process.stdout.readline().rstrip("\n").partition("=")
            assert equals
            told[key] = value
        url = told["GLOBUS_SDK_SERVICE_URL_AUTH"]
        assert url.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(f"{url}.well-known/openid-configuration", timeout=5) as answer:
            assert answer.status == 200

        process.send_signal(number)
        _, said = process.communicate(timeout=20)

        assert (process.returncode, said) == (0, "")

    def test_two_cannot_have_one_port(self, tmp_path: Path) -> None:
        first = self.start(tmp_path)
        assert first.stdout is not None
        lines = [first.stdout.readline() for _ in EXPORTED]
        port = next(line for line in lines if "URL_AUTH" in line).strip().rpartition(":")[2]

        second = self.start(tmp_path, "--port", port.strip("/"))
        _, said = second.communicate(timeout=20)
        first.terminate()
        first.communicate(timeout=20)

        assert second.returncode == 78
        assert "Traceback" not in said

    def test_a_collection_twice_or_without_a_folder_is_a_wrong_use(
        self, rig: CliRig, tmp_path: Path
    ) -> None:
        twice = [f"--collection={ONE}={tmp_path}"] * 2

        assert rig.type_plainly("simulate", *twice).exit_code == 2
        assert rig.type_plainly("simulate", f"--collection={ONE}=/nowhere").exit_code == 2
        assert rig.type_plainly("simulate", f"--collection={ONE}").exit_code == 2

    def test_without_the_extra_it_says_what_to_install(
        self, rig: CliRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in [name for name in sys.modules if name.startswith("archived.simulator")]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, "uvicorn", None)

        result = rig.type_plainly("simulate", f"--collection={ONE}={tmp_path}")

        assert result.exit_code == 1
        assert "pip install 'archived[simulator]'" in result.stderr


class TestCompletion:
    def complete(self, rig: CliRig, typed: str) -> list[str]:
        """What a shell is offered for the last word."""
        *words, last = typed.split(" ")
        given = ["-c", str(rig.configuration), *words]
        shell = BashComplete(cli, {}, "archivedctl", "_ARCHIVEDCTL_COMPLETE")
        return [item.value for item in shell.get_completions(given, last)]

    def test_a_real_shell_asks_the_program_itself(self, rig: CliRig, bench: Bench) -> None:
        archived_and_ready(bench)
        words = f"archivedctl -c {rig.configuration} show raw-ephys/SC"

        done = subprocess.run(
            [sys.executable, "-c", "from archived.cli import main; main()"],
            env={
                **os.environ,
                "_ARCHIVEDCTL_COMPLETE": "bash_complete",
                "COMP_WORDS": words,
                "COMP_CWORD": "4",
            },
            capture_output=True,
            text=True,
            check=False,
        )

        assert (done.stdout, done.stderr) == (f"plain,{G0}\nplain,{G1}\n", "")

    def test_commands(self, rig: CliRig) -> None:
        assert self.complete(rig, "rel") == ["release"]
        assert self.complete(rig, "") == [row.name for row in COMMANDS]

    def test_options(self, rig: CliRig) -> None:
        assert self.complete(rig, "list --h2") == ["--h2o"]

    @pytest.mark.parametrize("command", ["show", "events", "list", "hold", "retry", "accept"])
    def test_names_of_datasets(self, rig: CliRig, bench: Bench, command: str) -> None:
        archived_and_ready(bench)

        assert self.complete(rig, f"{command} raw-ephys/SC") == [G0, G1]
        assert self.complete(rig, f"{command} {G1}") == [G1]
        assert self.complete(rig, f"{command} raw-video/") == []

    def test_names_that_cannot_be_typed_are_not_offered(self, rig: CliRig, bench: Bench) -> None:
        bench.ready("x.bin", dataset="SC011/catgt_SC011_022319_g0\x1b[31m")

        assert self.complete(rig, "show raw-") == []

    def test_locations_and_states(self, rig: CliRig) -> None:
        assert self.complete(rig, "list --location raw") == ["raw-ephys", "raw-video"]
        assert self.complete(rig, "list --state f") == ["failed"]

    def test_without_a_store_or_with_a_bad_configuration_it_is_silent(self, rig: CliRig) -> None:
        assert self.complete(rig, "show raw") == []
        rig.configuration.write_text("[archived]\nnonsense = 1\n")
        assert self.complete(rig, "show raw") == []
        assert self.complete(rig, "list --location raw") == []

    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_the_script_is_for_that_shell(self, rig: CliRig, shell: str) -> None:
        script = rig.type_plainly("completion", shell).stdout

        assert f"_ARCHIVEDCTL_COMPLETE={shell}_complete" in script

    def test_bash_takes_it(self, rig: CliRig) -> None:
        script = rig.type_plainly("completion", "bash").stdout

        done = subprocess.run(
            ["bash", "-c", script + "\ncomplete -p archivedctl"],
            capture_output=True,
            text=True,
            check=True,
        )

        assert "archivedctl" in done.stdout

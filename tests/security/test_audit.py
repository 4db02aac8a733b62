"""`make audit` fails on a known vulnerability, and never takes silence for good news."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

CLEAN = {"name": "requests", "version": "2.34.2", "vulns": []}
SKIPPED = {
    "name": "apsw",
    "skip_reason": "Dependency not found on PyPI and could not be audited: apsw (3.54.1.0)",
}
OURS = {"name": "archived", "skip_reason": "distribution marked as editable"}
VULNERABLE = {
    "name": "filelock",
    "version": "3.16.0",
    "vulns": [
        {
            "id": "GHSA-w853-jp5j-5j7f",
            "fix_versions": ["3.20.1"],
            "aliases": ["CVE-2025-68146"],
            "description": "a link may be put in place of a lock file",
        }
    ],
}
UNMENDED = {"name": "x", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": []}]}
NO_NETWORK = (
    "Traceback (most recent call last):\n  …\n"
    "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='api.osv.dev', port=443): Max retries exceeded "
    "(Caused by NameResolutionError(\"Failed to resolve 'api.osv.dev'\"))\n"
)
BROKEN = "usage: pip-audit [-h]\npip-audit: error: unrecognized arguments: --timeoutt\n"

Ask = Callable[[str], Any]


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    """The program of `make audit`."""
    spec = importlib.util.spec_from_file_location("audit", ROOT / "packaging" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["audit"] = module
    spec.loader.exec_module(module)
    return module


def answers(audit: ModuleType, **said: Any) -> Ask:
    """Services that say these things: rows of a report, or what stands on standard error."""

    def ask(service: str) -> Any:
        given = said[service]
        if isinstance(given, str):
            return audit.Said(1, "", given)
        return audit.Said(0, json.dumps({"dependencies": given, "fixes": []}))

    return ask


def outcome(
    audit: ModuleType, ask: Ask, accepted: Mapping[str, str] | None = None
) -> tuple[int, str]:
    code, lines = audit.audit(ask, accepted or {})
    return code, "\n".join(lines)


def test_packages_without_a_known_vulnerability_pass(audit: ModuleType) -> None:
    code, said = outcome(audit, answers(audit, pypi=[CLEAN, OURS]))
    assert (code, said) == (0, "1 packages audited, 0 vulnerabilities")


def test_a_known_vulnerability_fails_and_names_the_release_that_mends_it(audit: ModuleType) -> None:
    code, said = outcome(audit, answers(audit, pypi=[CLEAN, VULNERABLE]))
    assert code == 1
    assert "VULNERABLE: filelock 3.16.0 has GHSA-w853-jp5j-5j7f; mended in 3.20.1" in said


def test_one_without_a_mended_release_fails_too(audit: ModuleType) -> None:
    code, said = outcome(audit, answers(audit, pypi=[UNMENDED]))
    assert code == 1
    assert "no release yet" in said


@pytest.mark.parametrize("other", [NO_NETWORK, BROKEN, [SKIPPED]])
def test_what_one_service_found_counts_whatever_becomes_of_the_other(
    audit: ModuleType, other: Any
) -> None:
    first = outcome(audit, answers(audit, pypi=[VULNERABLE, SKIPPED], osv=other))
    second = outcome(audit, answers(audit, pypi=other, osv=[VULNERABLE, SKIPPED]))
    assert (first[0], second[0]) == (1, 1)


def test_no_network_fails_nothing_and_is_said(audit: ModuleType) -> None:
    code, said = outcome(audit, answers(audit, pypi=NO_NETWORK, osv=NO_NETWORK))
    assert code == 0
    assert "not reached: pypi: requests.exceptions.ConnectionError" in said
    assert "NOT AUDITED: all packages" in said
    assert "is not known" in said


def test_a_service_that_knows_no_package_is_no_good_news(audit: ModuleType) -> None:
    code, said = outcome(audit, answers(audit, pypi=[SKIPPED, OURS], osv=NO_NETWORK))
    assert code == 0
    assert "NOT AUDITED: 1 packages" in said
    assert "apsw" in said
    assert "archived" not in said


def test_the_second_service_is_asked_about_what_the_first_does_not_know(audit: ModuleType) -> None:
    answered = {"name": "apsw", "version": "3.54.1.0", "vulns": []}
    code, said = outcome(audit, answers(audit, pypi=[CLEAN, SKIPPED], osv=[CLEAN, answered]))
    assert (code, said) == (0, "2 packages audited, 0 vulnerabilities")


def test_a_tool_that_does_not_work_fails(audit: ModuleType) -> None:
    code, said = outcome(audit, answers(audit, pypi=BROKEN, osv=BROKEN))
    assert code == 2
    assert "does not work: pypi: pip-audit: error: unrecognized arguments" in said


@pytest.mark.parametrize("report", ["", "null", "[]", '{"dependencies": 3}', "{"])
def test_a_report_that_is_none_is_not_taken_for_a_clean_one(audit: ModuleType, report: str) -> None:
    code, said = outcome(audit, lambda _service: audit.Said(0, report, ""))
    assert code == 2
    assert "NOT AUDITED" in said


def test_an_accepted_advisory_is_told_and_fails_nothing(audit: ModuleType) -> None:
    accepted = {"GHSA-w853-jp5j-5j7f": "no lock of ours lies where others write"}
    code, said = outcome(audit, answers(audit, pypi=[VULNERABLE]), accepted)
    assert code == 0
    assert "accepted: filelock 3.16.0" in said


def test_everything_that_is_accepted_has_a_reason(audit: ModuleType) -> None:
    assert all(len(reason.split()) > 3 for reason in audit.ACCEPTED.values())


def test_pip_audit_is_installed_and_takes_our_words(audit: ModuleType) -> None:
    words = [sys.executable, "-m", "pip_audit", "--help"]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    for option in ("--local", "--skip-editable", "--format", "--progress-spinner", "--timeout"):
        assert option in said
    assert all(service in said for service in audit.SERVICES)


def test_continuous_integration_runs_it() -> None:
    assert "make audit" in (ROOT / ".ci" / "run").read_text()
    assert "packaging/audit.py" in (ROOT / "Makefile").read_text()

"""Looks whether any installed package has a known vulnerability, by asking the advisory services that pip-audit knows.

`make audit` fails (1) when one has, and (2) when pip-audit itself does not work. Where no service can be reached, or knows
some of the packages, that is said plainly and fails nothing: it would tell about the network, not about the packages.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

SERVICES = ("pypi", "osv")
"""In this order; the second is asked only about what the first did not answer."""

OURS = "archived"

ACCEPTED: Mapping[str, str] = {}
"""Advisories that are known and cannot be acted on, by id, with the reason; each is still told of."""

PATIENCE = 60
"""Seconds for one service."""

_NETWORK = re.compile(
    r"ConnectionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError|NameResolutionError|Could not connect|"
    r"Connection refused|timed out|HTTPError|ServiceError"
)
"""How pip-audit's last words look when the fault is the network's, or the service's."""


@dataclass(frozen=True)
class Said:
    """What pip-audit said: its exit code, its report, and its complaints."""

    code: int
    report: str
    complaints: str = ""


@dataclass
class Audit:
    """What is known once the services were asked."""

    answered: set[str] = field(default_factory=set)
    """Packages that a service knows."""
    unanswered: dict[str, str] = field(default_factory=dict)
    """Packages that none knew, with the reason."""
    found: dict[tuple[str, str], str] = field(default_factory=dict)
    """Vulnerabilities by package and id, with the releases that mend them."""
    unreachable: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def take(self, service: str, said: Said) -> None:
        """Add what one service answered."""
        try:
            rows = list(json.loads(said.report)["dependencies"])
        except (ValueError, KeyError, TypeError):
            last = (said.complaints.strip().splitlines() or ["it said nothing"])[-1][:300]
            network = _NETWORK.search(said.complaints) is not None
            (self.unreachable if network else self.broken).append(f"{service}: {last}")
            return
        for row in rows:
            self._take_row(row)

    def _take_row(self, row: Mapping[str, object]) -> None:
        name = str(row.get("name"))
        if name == OURS:
            return
        if "skip_reason" in row:
            if name not in self.answered:
                self.unanswered[name] = str(row["skip_reason"])
            return
        self.answered.add(name)
        self.unanswered.pop(name, None)
        vulnerabilities = row.get("vulns")
        for each in vulnerabilities if isinstance(vulnerabilities, list) else []:
            mended = ", ".join(each.get("fix_versions") or ()) or "no release yet"
            self.found[f"{name} {row.get('version')}", str(each.get("id"))] = mended

    @property
    def complete(self) -> bool:
        """Whether every package was answered for."""
        return bool(self.answered) and not self.unanswered

    def verdict(self, accepted: Mapping[str, str]) -> tuple[int, list[str]]:
        """The exit code, and what to print."""
        lines = [f"pip-audit does not work: {each}" for each in self.broken]
        lines += [f"not reached: {each}" for each in self.unreachable]
        open_ones = 0
        for (package, advisory), mended in sorted(self.found.items()):
            if advisory in accepted:
                lines.append(f"accepted: {package} has {advisory} ({accepted[advisory]})")
            else:
                open_ones += 1
                lines.append(f"VULNERABLE: {package} has {advisory}; mended in {mended}")
        if self.unanswered or not self.answered:
            some = ", ".join(sorted(self.unanswered)[:8])
            more = ", …" if len(self.unanswered) > 8 else ""
            which = f": {some}{more}" if some else ""
            lines.append(
                f"NOT AUDITED: {len(self.unanswered) or 'all'} packages, as no advisory service that could be reached "
                f"knows them{which}. Whether they have known vulnerabilities is not known."
            )
        lines.append(f"{len(self.answered)} packages audited, {open_ones} vulnerabilities")
        return (1 if open_ones else 2 if self.broken else 0), lines


def audit(ask: Callable[[str], Said], accepted: Mapping[str, str]) -> tuple[int, list[str]]:
    """Ask the services, until every package is answered for; the exit code, and what to print."""
    result = Audit()
    for service in SERVICES:
        if not result.complete:
            result.take(service, ask(service))
    return result.verdict(accepted)


def ask_pip_audit(service: str) -> Said:
    """What pip-audit says of the packages of this environment."""
    words = [sys.executable, "-m", "pip_audit", "--local", "--skip-editable", "--format", "json"]
    words += ["--progress-spinner", "off", "--timeout", "15", "--vulnerability-service", service]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return Said(1, "", f"timed out after {PATIENCE} s")
    return Said(done.returncode, done.stdout, done.stderr)


def main(arguments: Sequence[str]) -> int:
    """The program."""
    if arguments:
        print("usage: audit.py")
        return 2
    code, lines = audit(ask_pip_audit, ACCEPTED)
    for line in lines:
        print(f"audit: {line}")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Makes the Debian package: `make deb` leaves it in dist/.

    build.py [--into dist] [--stage build/deb] [--release 1]

All of it is put in place below the stage, with the modes it will have; nfpm packs that (nfpm.yaml). The versions of Python
packages are what pip finds; PIP_CONSTRAINT, with the versions.txt of another package, makes them the same again. Times are
those of the last commit, or of SOURCE_DATE_EPOCH.
"""

from __future__ import annotations

import argparse
import gzip
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from environment import EXTRAS, PLACE, PROGRAMS, PYTHON, install, versions

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
MAN = REPOSITORY / "docs" / "_build" / "man"
DOCUMENTS = {
    "README.md": "packaging/systemd/README.md",
    "archived.ini.example": "archived.ini.example",
    "rig.conf.example": "packaging/systemd/rig.conf.example",
    "archived.rules.yml": "packaging/prometheus/archived.rules.yml",
    "scrape.example.yml": "packaging/prometheus/scrape.example.yml",
    "grafana.json": "packaging/grafana/archived.json",
    "copyright": "packaging/deb/copyright",
}
"""What lies in /usr/share/doc/archived, and where it comes from."""

COMPLETIONS = {
    "bash": "bash-completion/completions/archivedctl",
    "zsh": "zsh/vendor-completions/_archivedctl",
    "fish": "fish/vendor_completions.d/archivedctl.fish",
}
NFPM = Path(sys.executable).with_name("nfpm")


def main(arguments: Sequence[str]) -> int:
    """The program."""
    parser = argparse.ArgumentParser(description="Make the Debian package.")
    parser.add_argument("--into", type=Path, default=REPOSITORY / "dist")
    parser.add_argument("--stage", type=Path, default=REPOSITORY / "build" / "deb")
    parser.add_argument("--release", default="1", help="of the package, of the same program")
    options = parser.parse_args(arguments)
    os.umask(0o022)
    os.environ.setdefault("SOURCE_DATE_EPOCH", _time_of_the_source())
    version = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"]
    shutil.rmtree(options.stage, ignore_errors=True)
    _put_in_place(options.stage)
    print(_pack(options.stage / "root", options.into, version, options.release))
    return 0


def _put_in_place(stage: Path) -> None:
    root = stage / "root"
    root.mkdir(parents=True)
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", "wheel", "--no-deps"]
    _run(*pip, "--wheel-dir", str(stage), str(REPOSITORY))
    [wheel] = stage.glob("*.whl")
    packages = install(wheel, root, list(EXTRAS))
    share = root / "usr" / "share"
    for name in PROGRAMS:
        link = root / "usr" / "bin" / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(PLACE / "bin" / name)
    _units(root / "usr" / "lib")
    for name, source in DOCUMENTS.items():
        _write(share / "doc" / "archived" / name, (REPOSITORY / source).read_bytes())
    _write(share / "doc" / "archived" / "versions.txt", versions(packages).encode())
    _write(share / "doc" / "archived" / "changelog.gz", _zipped(REPOSITORY / "CHANGELOG.md"))
    _write(share / "lintian" / "overrides" / "archived", (HERE / "overrides").read_bytes())
    for shell, place in COMPLETIONS.items():
        _write(share / place, _completion(root, shell))
    for page in sorted(MAN.glob("*.[1-8]")):
        _write(share / "man" / f"man{page.suffix[1:]}" / f"{page.name}.gz", _zipped(page))


def _units(lib: Path) -> None:
    """What systemd gets, by the kinds of files it is."""
    places = {
        "*.service": "systemd/system/{}",
        "*.catalog": "systemd/catalog/{}",
        "*.sysusers.conf": "sysusers.d/archived.conf",
        "*.tmpfiles.conf": "tmpfiles.d/archived.conf",
    }
    for pattern, place in places.items():
        for file in sorted((REPOSITORY / "packaging" / "systemd").glob(pattern)):
            _write(lib / place.format(file.name), file.read_bytes())


def _completion(root: Path, shell: str) -> bytes:
    python = root / PLACE.relative_to("/") / "bin" / "python"
    done = subprocess.run(
        [python, "-P", "-m", "archived.cli", "completion", shell], check=True, capture_output=True
    )
    return done.stdout


def _pack(root: Path, into: Path, version: str, release: str) -> Path:
    into.mkdir(parents=True, exist_ok=True)
    architecture = _said("dpkg", "--print-architecture")
    epoch = int(os.environ["SOURCE_DATE_EPOCH"])
    major, minor = (
        int(each)
        for each in _said(PYTHON, "-c", "import sys; print(*sys.version_info[:2])").split()
    )
    log = f"archived ({version}-{release}) unstable; urgency=medium\n\n"
    log += "  * What is new: /usr/share/doc/archived/changelog.gz\n\n"
    when = _said("date", "--utc", "-R", "-d", f"@{epoch}")
    log += f" -- {_maintainer()}  {when}\n"
    place = root / "usr" / "share" / "doc" / "archived" / "changelog.Debian.gz"
    _write(place, gzip.compress(log.encode(), 9, mtime=0))
    for each in root.rglob("*"):
        os.utime(each, times=(epoch, epoch), follow_symlinks=False)
    made = into / f"archived_{version}-{release}_{architecture}.deb"
    environment = {
        **os.environ,
        "VERSION": version,
        "RELEASE": release,
        "ARCHITECTURE": architecture,
        "MAINTAINER": _maintainer(),
        "PYTHON": f"{major}.{minor}",
        "NEXT_PYTHON": f"{major}.{minor + 1}",
        "STAGE": str(root.absolute()),
    }
    words = [
        NFPM,
        "package",
        "--config",
        "nfpm.yaml",
        "--packager",
        "deb",
        "--target",
        made.absolute(),
    ]
    subprocess.run(words, cwd=HERE, env=environment, check=True, stdout=subprocess.DEVNULL)
    return made


def _maintainer() -> str:
    """Whoever builds it answers for it: as Debian's own tools ask for a name."""
    name = os.environ.get("DEBFULLNAME", "The authors of archived")
    return f"{name} <{os.environ.get('DEBEMAIL', 'archived@localhost')}>"


def _time_of_the_source() -> str:
    done = subprocess.run(
        ["git", "-C", str(REPOSITORY), "log", "-1", "--format=%ct"],
        capture_output=True,
        text=True,
        check=False,
    )
    newest = int((REPOSITORY / "pyproject.toml").stat().st_mtime)
    return done.stdout.strip() or str(newest)


def _zipped(file: Path) -> bytes:
    return gzip.compress(file.read_bytes(), 9, mtime=0)


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def _said(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def _run(*words: str) -> None:
    subprocess.run(words, check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

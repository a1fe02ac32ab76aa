"""`make audit`: asks whether anything that is locked is known to be vulnerable; who cannot be asked fails nothing."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
LOCKS = ("dev", "npm", "redis")  # what runs is in dev as well
TOOL = ROOT / ".venv/audit/bin/pip-audit"
PATIENCE = 60


class Unasked(Exception):
    """Nobody answered; the message says who."""


def main() -> int:
    """Print what is vulnerable; 1 if anything is."""
    found: list[str] = []
    unasked: list[str] = []
    for ask in REGISTRIES:
        try:
            found += ask()
        except Unasked as why:
            unasked.append(str(why))
    print("\n".join(told(found, unasked)))
    return 1 if found else 0


def told(found: Sequence[str], unasked: Sequence[str]) -> Sequence[str]:
    """Return the lines to print: that nothing was found is worth as much as was asked."""
    if len(unasked) == len(REGISTRIES):
        return [f"Nothing was checked: {', '.join(unasked)}."]
    left_out = [f"Not all was checked: {why}." for why in unasked]
    return [*(found or ["No vulnerability is known of what was checked."]), *left_out]


def of_python() -> list[str]:
    """Ask PyPI about requirements/*.txt. Raises Unasked."""
    files = [word for name in LOCKS for word in ("-r", str(ROOT / f"requirements/{name}.txt"))]
    options = ["--disable-pip", "--require-hashes", "--format", "json", "--progress-spinner", "off"]
    return found_by_pip_audit(_run([str(TOOL), *options, *files]))


def of_npm() -> list[str]:
    """Ask npm about static/package-lock.json. Raises Unasked."""
    npm = shutil.which("npm")
    if npm is None:
        raise Unasked("there is no npm on the PATH")
    return found_by_npm(_run([npm, "audit", "--json", "--prefix", str(ROOT / "static")]))


def found_by_pip_audit(said: str) -> list[str]:
    """Return a sentence for each vulnerability. Raises Unasked where nothing was looked up."""
    packages = [one for one in _json(said).get("dependencies", ()) if "vulns" in one]
    if not packages:
        raise Unasked("PyPI's advisories cannot be read")
    return [f"{one['name']} {one['version']}: {found['id']}" for one in packages for found in one["vulns"]]


def found_by_npm(said: str) -> list[str]:
    """Return a sentence for each vulnerable package. Raises Unasked where nothing was looked up."""
    report = _json(said)
    if "auditReportVersion" not in report:
        raise Unasked("npm's advisories cannot be read")
    return [f"{name}: {one['severity']}" for name, one in report["vulnerabilities"].items()]


REGISTRIES = (of_python, of_npm)


def _run(command: Sequence[str]) -> str:
    """Return what a program printed; both end with 1 where they find something, and where they find nobody."""
    name = Path(command[0]).name
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unasked(f"{name} does not answer ({type(error).__name__})") from error
    if not done.stdout.strip():
        raise Unasked(f"{name} says {done.stderr.strip().splitlines()[-1:]}")
    return done.stdout


def _json(said: str) -> dict[str, dict[str, dict[str, str]]]:
    try:
        return dict(json.loads(said))
    except ValueError:
        return {}


if __name__ == "__main__":
    sys.exit(main())

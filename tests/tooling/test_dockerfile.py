"""What the image promises, read from the Dockerfile: it is built where Docker is, but checked everywhere."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _instructions() -> list[tuple[str, str]]:
    """The Dockerfile as (instruction, argument), continued lines joined and comments gone."""
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in joined.splitlines()) if word]


def _stages() -> list[list[tuple[str, str]]]:
    stages: list[list[tuple[str, str]]] = []
    for instruction, argument in _instructions():
        if instruction == "FROM":
            stages.append([])
        stages[-1].append((instruction, argument))
    return stages


def _of(stage: list[tuple[str, str]], wanted: str) -> list[str]:
    return [argument for instruction, argument in stage if instruction == wanted]


def test_bases_are_slim_and_named_exactly() -> None:
    """Every stage starts from the slim Python on Debian 12, never from whatever is newest today."""
    bases = [argument.split()[0] for argument in _of(_instructions(), "FROM")]
    assert len(bases) >= 2
    assert set(bases) == {"python:3.11-slim-bookworm"}


def test_packages_are_checked_by_hash_and_never_compiled() -> None:
    """Whatever is installed is locked with hashes as a wheel, or is our own code and fetches nothing."""
    installs = re.findall(r"pip install ([^&\n]*)", "\n".join(_of(_instructions(), "RUN")))
    assert installs
    for install in installs:
        locked = "--require-hashes" in install and "--only-binary :all:" in install
        own = "--no-index" in install and "--no-deps" in install and install.split()[-2:] == ["-e", "."]
        assert locked or own, install
    assert any("-r requirements.lock" in install for install in installs)


def test_runs_as_a_numbered_user_without_privileges() -> None:
    """The last stage ends as a numeric user other than root, and nothing after that changes it."""
    users = _of(_stages()[-1], "USER")
    assert users
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", users[-1])


def test_only_data_is_left_to_the_user() -> None:
    """With a read-only file system the service writes to /data and /tmp alone; it owns no code."""
    final = _stages()[-1]
    assert _of(final, "VOLUME") == ['["/data"]']
    assert not any("--chown" in argument for argument in _of(final, "COPY"))
    assert "PYTHONDONTWRITEBYTECODE=1" in " ".join(_of(final, "ENV"))
    assert "PLACEMENT_DATABASE_URL=sqlite:////data/" in " ".join(_of(final, "ENV"))


def test_postcodes_are_prepared_when_it_is_built() -> None:
    """The first request does not wait for the postcode directory, and the service needs not write it."""
    assert "python -m app.geo.bake" in " ".join(_of(_stages()[0], "RUN"))


def test_health_is_asked_of_the_service_itself() -> None:
    """The health check uses only what the image has, and asks the liveness page."""
    [check] = _of(_stages()[-1], "HEALTHCHECK")
    assert "/health/live" in check
    assert 'CMD ["python", "-c"' in check


def test_starts_by_the_project_s_own_command() -> None:
    """The image serves, in exec form, so that the stop signal reaches the service."""
    assert _of(_stages()[-1], "CMD")[-1].startswith('["placement", "serve"')


def test_nothing_unnamed_reaches_the_build() -> None:
    """The build sees what is listed and nothing else: no database, no secrets, no history."""
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert rules[0] == "*"
    let_in = {rule[1:].rstrip("/") for rule in rules if rule.startswith("!")}
    assert {"app", "policies", "migrations", "requirements.lock"} <= let_in
    assert not let_in & {".git", ".env", "var", "tests"}

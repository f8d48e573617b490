"""What the documents tell people to type is there: commands, options, targets, files, settings, links."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer

from app.cli import app
from app.setting_words import PREFIX
from app.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```(\S*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
ASSIGNED = re.compile(r"[A-Z_]+=\S*")

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def code(page: Path) -> Iterator[str]:
    """Every line of code of a page: of blocks that are no data, and between backticks."""
    text = page.read_text(encoding="utf-8")
    for kind, body in BLOCK.findall(text):
        if kind in {"", "sh", "bash"}:
            yield from body.replace("\\\n", " ").splitlines()
    yield from SPAN.findall(BLOCK.sub("", text))


def commands(line: str) -> Iterator[list[str]]:
    """The commands of a line, also those within `$( )`, each without the variables set before it."""
    for part in re.split(r"\$\(|\)|;|\||&&", line):
        try:
            words = shlex.split(part, comments=True)
        except ValueError:  # a sentence with an apostrophe, a part of something quoted
            words = part.split()
        while words and ASSIGNED.fullmatch(words[0]):
            words = words[1:]
        if words:
            yield words


def told(page: Path, *programs: str) -> list[list[str]]:
    """What follows one of these programs wherever a page tells people to type it."""
    return [words[1:] for line in code(page) for words in commands(line) if words[0] in programs and len(words) > 1]


@cache
def _command() -> typer.core.TyperGroup:
    found = typer.main.get_command(app)
    assert isinstance(found, typer.core.TyperGroup)
    return found


def what_is_wrong(words: list[str]) -> str | None:
    """Why `placement` would not understand this; None where it would."""
    command: object = _command()
    rest = list(words)
    while isinstance(command, typer.core.TyperGroup):
        if rest[:1] in ([], ["--help"]):
            return None
        if rest[0] not in command.commands:
            return f"no command {rest[0]}"
        command = command.commands[rest.pop(0)]
    known = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}  # type: ignore[attr-defined]
    unknown = {word.partition("=")[0] for word in rest if word.startswith("--")} - known - {"--help"}
    return f"no option {', '.join(sorted(unknown))}" if unknown else None


def targets() -> set[str]:
    """What `make` can make."""
    [phony] = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    return set(phony.split())


@every_page
def test_every_command_exists(page: Path) -> None:
    """Each `placement ...` is a command, with these options."""
    lines = [re.split(r" \| ", " ".join(words))[0].split() for words in told(page, "placement", ".venv/bin/placement")]
    wrong = {" ".join(words): fault for words in lines if (fault := what_is_wrong(words))}
    assert wrong == {}


@every_page
def test_every_target_exists(page: Path) -> None:
    """Each `make ...` is a target of the Makefile, and its variables are read there."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for words in told(page, "make"):
        for word in words:
            name = word.partition("=")[0]
            assert f"$({name}" in makefile if "=" in word else word in targets(), f"make {' '.join(words)}"


@every_page
def test_every_file_and_module_exists(page: Path) -> None:
    """Tests that are to be run, modules that are to be started, pages that are linked."""
    for words in told(page, ".venv/bin/pytest"):
        for word in words:
            if word.startswith("tests/") and "..." not in word:
                assert (ROOT / word).exists(), word
    for words in told(page, "python", ".venv/bin/python"):
        if words[0] == "-m" and len(words) > 1:
            module = ROOT / words[1].replace(".", "/")
            assert module.with_suffix(".py").exists() or (module / "__main__.py").exists(), words[1]
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", BLOCK.sub("", page.read_text(encoding="utf-8"))):
        assert "://" in link or (page.parent / link).exists(), link


@every_page
def test_every_setting_exists(page: Path) -> None:
    """A variable that nothing reads would be refused at the start."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    named = {
        each.removesuffix("_FILE")
        for line in code(page)
        for each in re.findall(rf"{PREFIX}[A-Z][A-Z0-9_]*[A-Z0-9]", line)
    }
    assert named <= known


@every_page
def test_every_example_in_json_can_be_read(page: Path) -> None:
    """A block that says it is JSON is."""
    for kind, body in BLOCK.findall(page.read_text(encoding="utf-8")):
        if kind == "json":
            json.loads(body)


def test_the_readme_shows_the_commands_that_matter() -> None:
    """Otherwise the checks above would find nothing wrong with an empty page."""
    shown = {words[0] for words in told(ROOT / "README.md", "placement", ".venv/bin/placement")}
    assert {"match", "why-not", "rematch", "import", "migrate", "token", "policy"} <= shown
    assert {words[0] for words in told(ROOT / "README.md", "make")} >= {"demo", "serve", "test", "bench"}


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["match", "R-1", "--shown", "3"], None),
        (["audit", "verify", "--head", "x"], None),
        (["mach", "R-1"], "no command mach"),
        (["match", "R-1", "--show", "3"], "no option --show"),
        (["audit", "verfy"], "no command verfy"),
    ],
)
def test_what_is_misspelt_is_found(words: list[str], fault: str | None) -> None:
    """Of a command, a command of a group, an option."""
    assert what_is_wrong(words) == fault

"""Secrets that stand in files, as orchestrators hand them to a container.

In the environment any child process and many a crash report would see them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

IN_A_FILE = "_FILE"
"""What is put behind the name of a variable to name a file instead."""

MOST_BYTES = 64 * 1_024


def is_secret(annotation: Any) -> bool:
    """Whether a field holds a secret, or several."""
    return annotation is SecretStr or any(is_secret(part) for part in getattr(annotation, "__args__", ()))


def read_secrets(fields: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, Any]:
    """The fields whose secret stands in a file, with what it holds. `fields`: name of variable to name of field.

    A variable that is set to nothing counts as not given: so a container can take back what its image says.

    Raises `ValueError`, which names the variable and never what it holds.
    """
    given = {name.upper(): value for name, value in environment.items()}
    found = {}
    for variable, field in fields.items():
        where = given.get(variable + IN_A_FILE)
        if where is None:
            continue
        if given.get(variable):
            raise ValueError(f"{variable} and {variable}{IN_A_FILE} are both set: set one of them.")
        found[field] = _read(variable + IN_A_FILE, Path(where))
    return found


def _read(variable: str, path: Path) -> Any:
    """What the file holds: text without the newline at its end, or an object of JSON."""
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES + 1).decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"The file that {variable} names cannot be read: {type(error).__name__}.") from None
    if not text.strip() or len(text) > MOST_BYTES:
        raise ValueError(f"The file that {variable} names is empty, or longer than {MOST_BYTES} bytes.")
    if not text.startswith("{"):
        return text
    try:
        return json.loads(text)
    except ValueError:
        raise ValueError(f"The file that {variable} names is not the JSON that it begins as.") from None

"""Settings that say where messages may go and with which keys: a part of `app.settings.Settings`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import SecretStr, StringConstraints
from pydantic_settings import BaseSettings

ListedHost = Annotated[
    str, StringConstraints(to_lower=True, pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:[1-9][0-9]{0,4})?$")
]


class MessageOptions(BaseSettings):
    """The fields; each is a setting of the service."""

    webhook_hosts: tuple[ListedHost, ...] = ()
    """Hosts to which messages may be sent: `cases.example.org`, or `cases.example.org:8443`. None: no messages."""

    webhook_secrets: Path | None = None
    """Folder of the keys that sign messages: a file for each, with the key in force and, below it, one more."""

    webhook_keys: dict[str, SecretStr] = {}
    """The same keys where there is no folder: `{"cases": "key in force,one more"}`."""

    webhook_loopback: bool = False
    """For demo and tests alone: messages may also go to this machine, without TLS."""

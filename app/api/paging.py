"""Pages of a list: an opaque cursor that says behind what the next page begins."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.errors import FieldProblem, Invalid

MOST = 200

_REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,63}")


class Page(BaseModel):
    """Which part of a list."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    limit: Annotated[int, Field(ge=1, le=MOST, description="How many at most")] = 50
    cursor: Annotated[str, Field(max_length=100, description="`next` of the page before")] | None = None

    def after(self) -> str:
        """The reference behind which the page begins. Raises `Invalid` for a cursor that is not ours."""
        if self.cursor is None:
            return ""
        try:
            ref = base64.b64decode(self.cursor.encode("ascii"), altchars=b"-_", validate=True).decode("ascii")
        except (binascii.Error, UnicodeError):
            ref = ""
        if not _REF.fullmatch(ref):
            cure = "Send next of the page before, or leave it out for the first page."
            raise Invalid([FieldProblem("query.cursor", "This is not a cursor of this list.", cure)])
        return ref


def cursor(refs: list[str], limit: int) -> str | None:
    """The cursor for the page behind these; None where this is the last."""
    if len(refs) < limit:
        return None
    return base64.urlsafe_b64encode(refs[-1].encode("ascii")).decode("ascii")

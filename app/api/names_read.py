"""The names that an address reads, which alone an error about path or query may say."""

from __future__ import annotations

from fastapi.dependencies.models import Dependant
from pydantic import BaseModel


def names_of_path(dependant: Dependant) -> frozenset[str]:
    """The variable parts of an address."""
    return frozenset(param.alias for param in dependant.path_params)


def names_of_query(dependant: Dependant) -> frozenset[str]:
    """What may stand in a query."""
    names: set[str] = set()
    for param in dependant.query_params:
        model = param.field_info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            names |= set(model.model_fields)
        else:
            names.add(param.alias)
    return frozenset(names)

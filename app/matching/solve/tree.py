"""The tree of a flow as the first basis of a linear program, which then has little left to do.

In the tree every placed party hangs on the home where the flow put it, and every home with a price on the party that
would be the next to come: one column each, at whose prices that party does not mind. So the columns of the tree, with
the rows of the placed parties and of the homes with a price at their limits, are a basis.
"""

from __future__ import annotations

import numpy as np

from app.matching.problem import Int64s
from app.matching.solve.columns import Columns
from app.matching.solve.engines import Basis, basis_of
from app.matching.solve.model import STEP_BITS
from app.matching.solve.target_rows import CHILD, HOME, KIND_BITS
from app.matching.terms import Terms


def basis_of_flow(terms: Terms, columns: Columns, worth: Int64s, chosen: Int64s, place: Int64s) -> Basis:
    """worth: of each column in the flow. chosen: the columns that carry it. place: points (H), what it charges."""
    home_of = np.full(terms.size.size, terms.full.size)
    home_of[columns.party[chosen]] = columns.home[chosen]
    worth_of = np.zeros(terms.size.size, np.int64)
    worth_of[columns.party[chosen]] = worth[chosen]
    content = np.maximum(0, worth_of - np.append(place, 0)[home_of])
    next_best = (worth - content[columns.party] == place[columns.home]) & (place[columns.home] > 0)
    next_best[chosen] = False
    tight = np.flatnonzero(next_best)
    homes, first = np.unique(columns.home[tight], return_index=True)
    child = terms.problem.party_child[terms.problem.party_start[columns.party[chosen]]].astype(np.int64)
    step = np.where(terms.arrivals[homes] < terms.capacity[homes], 0, 1)
    rows = np.concatenate([(CHILD << KIND_BITS) + child, (HOME << KIND_BITS) + (homes << STEP_BITS) + step])
    return basis_of(columns.pair[np.concatenate([chosen, tight[first]])], rows)

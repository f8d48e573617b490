"""A program that also counts whom it places, so that a search may settle that before it settles where.

Under a budget the number placed, and who they are, decide most of what a choice is worth. A search that can only ask
about single pairs asks about the same child once for every home.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_matrix, hstack, identity, vstack

from app.matching.problem import Int64s
from app.matching.solve.columns import Columns
from app.matching.solve.engines import Program


def counted(program: Program, columns: Columns, children: int | None = None) -> Program:
    """The same program with one variable more for each party, whether it is placed, and one for how many children are.

    children: if given, exactly so many are placed.
    """
    party, place = np.unique(columns.party, return_inverse=True)
    pairs, width = columns.pair.size, program.worth.size
    cells = (np.ones(pairs), (place, np.arange(pairs)))
    placed = csr_matrix(cells, shape=(party.size, width))
    size = np.zeros(party.size)
    size[place] = columns.size
    none = csr_matrix((party.size, 1))
    equal = vstack(
        [
            hstack([placed, -identity(party.size), none]),
            hstack([csr_matrix((1, width)), csr_matrix(size[None, :]), csr_matrix([[-1.0]])]),
        ]
    )
    rows = [hstack([program.rows, csr_matrix((program.high.size, party.size + 1))]), equal, -equal]
    high = [program.high, np.zeros(2 * party.size + 2)]
    if children is not None:
        rows.append(csr_matrix(([-1.0], ([0], [width + party.size])), shape=(1, width + party.size + 1)))
        high.append(np.array([-float(children)]))
    most = float(size.sum() if children is None else children)
    return replace(
        program,
        worth=np.concatenate([program.worth, np.zeros(party.size + 1)]),
        upper=np.concatenate([program.upper, np.ones(party.size), [most]]),
        rows=vstack(rows).tocsr(),
        high=np.concatenate(high),
        column_key=_unnamed(program.column_key, party.size + 1),
        row_key=_unnamed(program.row_key, 2 * party.size + 2 + int(children is not None)),
    )


def _unnamed(keys: Int64s, more: int) -> Int64s:
    """The keys, with some for what nobody looks up again."""
    return np.concatenate([keys, np.full(more, np.iinfo(np.int64).min)])

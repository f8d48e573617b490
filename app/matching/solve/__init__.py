"""The optimiser. `solve` is a pure function: equal problems and limits give equal solutions, byte for byte."""

from app.matching.solve.night import Effort, effort_for, solve, solve_with_proof

__all__ = ["Effort", "effort_for", "solve", "solve_with_proof"]

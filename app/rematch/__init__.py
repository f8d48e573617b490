"""One night's rematch as a use case: snapshot, solver in a child process, verification, target price, outcome.

Nothing is imported here: the child process imports this package too and should start at once.
"""

"""What can be seen of the service from outside: logs, metrics and traces. None of it tells anything about a child.

Knows no setting, no database and no route; the roots and the edges say what happened, and this says it on.
"""

"""What persons decide: from a hold to the end of a placement. One file an idea, one function a step.

Each step is one transaction with its audit entry, its message and the key of its request (`app.deciding.steps`).
`life` says which steps there are; nothing else in the service changes a placement.
"""

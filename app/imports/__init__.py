"""Bringing an inventory or a caseload: read, checked and stored, while somebody waits or beside the requests."""

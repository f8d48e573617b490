"""Runs as use cases: begun, worked on, checked against the facts of the moment, published, or given up.

`working` takes a run from its records to its end, `publishing` lets its proposals stand, `telling` says what is
stored of it. Who calls them, and when, is the business of `app.jobs` and `app.nightly`.
"""

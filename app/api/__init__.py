"""The HTTP interface: one file a resource, JSON in and out, every error as problem+json (RFC 9457).

Handlers are plain functions, run in threads: they read, hand over to `app.placing` or `app.store`, and
answer. Nothing that was sent is ever repeated in an error, and nothing personal stands in an address.
"""

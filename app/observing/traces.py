"""Traces for OpenTelemetry, where somebody wants them. Nothing of it is loaded where nobody does.

Libraries put addresses, query strings, statements and texts of errors into spans. So what leaves the process is
built anew from each span: its kind, its times, and those attributes that are listed here and have the listed form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.observing.fields import CODE, KIND, ROUTE, Fits

if TYPE_CHECKING:
    from fastapi import FastAPI
    from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
    from sqlalchemy import Engine

SERVICE = "placement"


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _method(value: Any) -> bool:
    return value in {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "_OTHER"}


OPERATIONS = frozenset(
    "SELECT INSERT UPDATE DELETE BEGIN COMMIT ROLLBACK SAVEPOINT RELEASE SET PRAGMA WITH LOCK OTHER".split()
)

ATTRIBUTES: Mapping[str, Fits] = {
    "db.operation.name": lambda value: value in OPERATIONS,
    "db.system.name": CODE,
    "error.type": KIND,
    "http.method": _method,
    "http.request.method": _method,
    "http.response.status_code": _whole,
    "http.route": ROUTE,
    "http.status_code": _whole,
    "placement.correlation": re.compile(r"[0-9a-f-]{32,36}").fullmatch,  # type: ignore[dict-item]
}
"""Old and new names of the conventions, as libraries are between them."""

NOT_TRACED = "health/live,health/ready,metrics"


def begin(endpoint: str) -> TracerProvider:
    """Spans go to this address (OTLP over HTTP) in batches, cleaned. Call `shutdown` of what is given at the end."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    return provider(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))


def provider(last: SpanProcessor) -> TracerProvider:
    """A provider of tracers whose spans reach `last` cleaned."""
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415

    made = TracerProvider(resource=Resource({"service.name": SERVICE}), shutdown_on_exit=False)
    made.add_span_processor(_cleaning(last))
    return made


def trace_app(app: FastAPI, given: TracerProvider) -> None:
    """A span for each request, and for each one that the service sends itself."""
    from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor  # noqa: PLC0415
    from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor  # noqa: PLC0415

    FastAPIInstrumentor.instrument_app(
        app, tracer_provider=given, excluded_urls=NOT_TRACED, exclude_spans=["send", "receive"]
    )
    HTTPXClientInstrumentor().instrument(tracer_provider=given)


def untrace_app(app: FastAPI) -> None:
    """As before."""
    from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor  # noqa: PLC0415
    from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor  # noqa: PLC0415

    FastAPIInstrumentor.uninstrument_app(app)
    HTTPXClientInstrumentor().uninstrument()


def trace_engine(engine: Engine, given: TracerProvider) -> None:
    """A span for each statement, with its first word and nothing else: neither its text nor its parameters."""
    from opentelemetry.trace import SpanKind  # noqa: PLC0415
    from sqlalchemy import event  # noqa: PLC0415

    tracer = given.get_tracer(SERVICE)
    system = {"postgresql": "postgresql"}.get(engine.dialect.name, engine.dialect.name)

    def before(_connection: Any, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: bool) -> None:  # noqa: FBT001
        word = operation(statement)
        about = {"db.system.name": system, "db.operation.name": word}
        context._placement_span = tracer.start_span(word, kind=SpanKind.CLIENT, attributes=about)  # noqa: SLF001

    def after(_connection: Any, _cursor: Any, _statement: str, _parameters: Any, context: Any, _many: bool) -> None:  # noqa: FBT001
        _end(context, None)

    def failed(problem: Any) -> None:
        _end(problem.execution_context, type(problem.original_exception).__name__)

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    event.listen(engine, "handle_error", failed)


def operation(statement: str) -> str:
    """The first word of a statement, if it is one that is known."""
    word = statement.lstrip().partition(" ")[0].strip(";\n\t(").upper()
    return word if word in OPERATIONS else "OTHER"


def _end(context: Any, failure: str | None) -> None:
    span = getattr(context, "_placement_span", None)
    if span is not None:
        if failure is not None:
            span.set_attribute("error.type", failure)
        span.end()
        context._placement_span = None  # noqa: SLF001


def _cleaning(last: SpanProcessor) -> SpanProcessor:
    from opentelemetry.sdk.trace import SpanProcessor  # noqa: PLC0415

    from app.observing.correlation import current  # noqa: PLC0415

    class Cleaning(SpanProcessor):
        """Hands on nothing but what is listed."""

        def on_start(self, span: Any, parent_context: Any = None) -> None:
            """Note which request it belongs to."""
            number = current()
            if number is not None:
                span.set_attribute("placement.correlation", number)
            last.on_start(span, parent_context)

        def on_end(self, span: ReadableSpan) -> None:
            """Hand on a cleaned copy."""
            if span.context is not None and span.context.trace_flags.sampled:
                last.on_end(cleaned(span))

        def shutdown(self) -> None:
            """Send what is left."""
            last.shutdown()

        def force_flush(self, timeout_millis: int = 30_000) -> bool:
            """Send what is there."""
            return last.force_flush(timeout_millis)

    return Cleaning()


def cleaned(span: ReadableSpan) -> ReadableSpan:
    """The same span with a name made from its attributes, those that are listed, and no events, links or texts."""
    from opentelemetry.sdk.trace import ReadableSpan  # noqa: PLC0415
    from opentelemetry.trace import Status  # noqa: PLC0415

    given = span.attributes or {}
    kept = {name: value for name, value in given.items() if name in ATTRIBUTES and ATTRIBUTES[name](value)}
    return ReadableSpan(
        name=_name(kept),
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=kept,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _name(kept: Mapping[str, Any]) -> str:
    method = kept.get("http.request.method", kept.get("http.method"))
    parts = [method, kept.get("http.route"), kept.get("db.operation.name")]
    return " ".join(str(part) for part in parts if part is not None) or "span"

"""What stands at the entry, made from the settings: the provider, or the issuer of our own; sessions; budgets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from app.access.claims import Claims
from app.access.keys import ALGORITHMS, Keys
from app.access.local_issuer import LocalIssuer, require_loopback
from app.access.options import AccessOptions
from app.access.provider import Provider, reads_keys
from app.access.sign_in import SignIn
from app.access.tokens import TokenReader, Verifier
from app.api.callers import Callers
from app.api.permitting import Entry
from app.api.rate import Budgets, Rates
from app.api.sessions import Sessions
from app.store.session import Database

METRICS = ("GET", "/metrics")


@dataclass(frozen=True, slots=True)
class Access:
    """The entry. `browser`: how one signs in, where one can. `issuer`: our own, where there is no provider."""

    entry: Entry
    browser: tuple[SignIn, Sessions] | None
    issuer: LocalIssuer | None


def open_access(
    options: AccessOptions, authority: str, database: Database, host: str, allowed_hosts: tuple[str, ...]
) -> Access:
    """Everything for one service. Raises `NotOnThisMachine` where others could reach one that trusts its own tokens."""
    if options.oidc_issuer is None:
        require_loopback(host, allowed_hosts)
        issuer = LocalIssuer.open(options.local_keys, authority)
        tokens = TokenReader(Verifier(Keys(issuer.public_keys, wait=False), ALGORITHMS), issuer.claims())
        return Access(_entry(options, authority, Callers(tokens), local_only=True), None, issuer)
    provider = Provider(options.oidc_issuer)
    keys = Keys(reads_keys(provider, options.oidc_keys))
    verifier = Verifier(keys, frozenset(options.oidc_algorithms))
    claims = options.provider_claims(options.oidc_issuer, authority)
    browser = _browser(options, authority, database, SignInParts(provider, verifier, claims))
    callers = Callers(TokenReader(verifier, claims), None if browser is None else browser[1])
    return Access(_entry(options, authority, callers, local_only=False), browser, None)


@dataclass(frozen=True, slots=True)
class SignInParts:
    """What signing in shares with bearer tokens."""

    provider: Provider
    verifier: Verifier
    claims: Claims


def _browser(
    options: AccessOptions, authority: str, database: Database, parts: SignInParts
) -> tuple[SignIn, Sessions] | None:
    if options.oidc_client_id is None or options.public_url is None:
        return None
    secret = options.oidc_client_secret
    sign_in = SignIn(
        parts.provider,
        parts.verifier,
        parts.claims,
        options.oidc_client_id,
        None if secret is None else secret.get_secret_value(),
        options.public_url,
        options.oidc_scope,
    )
    idle, life = timedelta(minutes=options.session_idle_minutes), timedelta(hours=options.session_hours)
    return sign_in, Sessions(database, authority, sign_in.is_secure, idle, life)


def _entry(options: AccessOptions, authority: str, callers: Callers, *, local_only: bool) -> Entry:
    budgets = Budgets(options.reads_per_10_s, options.writes_per_10_s, options.matches_per_10_s, options.open_per_10_s)
    opened = frozenset({METRICS} if options.metrics_open else ())
    return Entry(callers, Rates(budgets), authority, local_only, opened)

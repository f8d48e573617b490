"""What can go wrong in a use case, each with its HTTP status and a stable code.

The docstring of a leaf is its message: what is wrong and what to do, in words for the caller. A leaf takes no
text of its own, so nothing that somebody sent can find its way into an answer or a log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field: where it is, what is wrong, and how to mend it. Never what was sent."""

    field: str
    problem: str
    cure: str


class PlacementError(Exception):
    """Something in the placement service did not work."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong"
    retry_after_s: int | None = None
    challenge: ClassVar[str | None] = None

    def __init__(self, problems: Sequence[FieldProblem] = ()) -> None:
        super().__init__(type(self).message())
        self.problems = tuple(problems)

    @classmethod
    def message(cls) -> str:
        """The docstring as one line of text."""
        return " ".join((cls.__doc__ or "").split())


class ReferralNotFound(PlacementError):
    """There is no referral with this reference. Check the reference, or send the referral first."""

    status, code, title = 404, "referral_not_found", "Referral not found"


class HomeNotFound(PlacementError):
    """There is no home with this reference. Check the reference, or send the home first."""

    status, code, title = 404, "home_not_found", "Home not found"


class PolicyNotFound(PlacementError):
    """There is no policy of this version. GET /policies lists the versions that there are."""

    status, code, title = 404, "policy_not_found", "Policy not found"


class PlacedChildNotFound(PlacementError):
    """The caseload has no child with this reference. Check the reference: GET /caseload lists them."""

    status, code, title = 404, "placed_child_not_found", "Child not in the caseload"


class RunNotFound(PlacementError):
    """There is no run of this id. GET /runs lists the runs that there are."""

    status, code, title = 404, "run_not_found", "Run not found"


class ProposalNotFound(PlacementError):
    """There is no proposal of this id. GET /proposals lists those that stand."""

    status, code, title = 404, "proposal_not_found", "Proposal not found"


class RunAlreadyMade(PlacementError):
    """A run is at work, or the night has its run already. Wait for its end, or cancel it: GET /runs shows it."""

    status, code, title = 409, "run_already_made", "Another run is at work"


class RunIsOver(PlacementError):
    """The run has ended, so it can no longer be cancelled. GET /runs/{id} says how it ended."""

    status, code, title = 409, "run_is_over", "Run has ended"


class RunNotAtWork(PlacementError):
    """The run has not read what it works on yet, or ended before it had. Try again in a moment."""

    status, code, title = 409, "run_not_at_work", "Run has nothing to show yet"


class RunOvertaken(PlacementError):
    """The run was cancelled or given up for dead, so it changes nothing any more. Begin another."""

    status, code, title = 409, "run_overtaken", "Run has been overtaken"


class ImportNotFound(PlacementError):
    """There is no import of this id. `Location` of the answer to POST /homes/import names it."""

    status, code, title = 404, "import_not_found", "Import not found"


class ImportOvertaken(PlacementError):
    """The import was given to another worker, so this one changes nothing any more. Look at it again: GET /imports."""

    status, code, title = 409, "import_overtaken", "Import has been overtaken"


class ImportUnderWay(PlacementError):
    """An import waits or is at work, and may name the child. Try again when it is over."""

    status, code, title = 409, "import_under_way", "An import is under way"


class ImportsWaiting(PlacementError):
    """So many imports wait already that no more are taken just now, and nothing was stored. Try again in a while."""

    status, code, title = 429, "imports_waiting", "Too many imports wait"
    retry_after_s = 30


class ProposalsNotSound(PlacementError):
    """The proposals did not stand up to the last check, so none was published. Keep the snapshot and report it."""

    status, code, title = 500, "proposals_not_sound", "Proposals not sound"


class WebhookNotFound(PlacementError):
    """There is no webhook of this id. GET /webhooks lists those that there are."""

    status, code, title = 404, "webhook_not_found", "Webhook not found"


class MessageNotFound(PlacementError):
    """There is no message of this id. GET /messages lists the newest."""

    status, code, title = 404, "message_not_found", "Message not found"


class ChildNotKnown(PlacementError):
    """Nothing is stored of a child with this reference, or it was erased already. Check the reference."""

    status, code, title = 404, "child_not_known", "Child not known"


class HomeStillClaimed(PlacementError):
    """Children have a place in this home, or live there by a placement. End or withdraw those placements first."""

    status, code, title = 409, "home_still_claimed", "Home has live placements"


class ChildrenOnRecord(PlacementError):
    """Children live in this home, or its terms name them, and your roles do not see them: they would be lost with it.

    The case management system takes it away, or first says that they live elsewhere and are named no more.
    """

    status, code, title = 409, "children_on_record", "Children are on record at this home"


class ReferralStillPursued(PlacementError):
    """A place waits for children of this referral: `errors` names the placement. Withdraw it first, or place them."""

    status, code, title = 409, "referral_still_pursued", "A place waits for these children"


class ChildStillPlaced(PlacementError):
    """The child has a placement that is pursued or lived: `errors` names it. End or withdraw it first, then erase."""

    status, code, title = 409, "child_still_placed", "Child has a live placement"


class StillLivesInHome(PlacementError):
    """The child is on record as living in a home, where others are kept safe by what is known of it.

    Once it has left, have each home that lists it stored without it, then erase.
    """

    status, code, title = 409, "still_lives_in_home", "Child still lives in a home"


class PageNotFound(PlacementError):
    """There is nothing at this address. GET /openapi.json lists the addresses that there are."""

    status, code, title = 404, "not_found", "Not found"


class MethodNotAllowed(PlacementError):
    """The address does not take this method. The Allow header names those that it takes."""

    status, code, title = 405, "method_not_allowed", "Method not allowed"


class Invalid(PlacementError):
    """The request cannot be used as it stands. Each entry of `errors` names a field and how to mend it."""

    status, code, title = 422, "invalid", "Request cannot be used"


class JsonRefused(PlacementError):
    """The body is not JSON as this service reads it. See `errors` for what to change."""

    status, code, title = 400, "json_refused", "Body is not usable JSON"


class BodyTooLarge(PlacementError):
    """The body is larger than this address takes. Send less in one request."""

    status, code, title = 413, "body_too_large", "Body too large"


class NotJson(PlacementError):
    """The body is not announced as JSON in UTF-8. Send JSON, with the header Content-Type: application/json."""

    status, code, title = 415, "not_json", "Unsupported media type"


class HostNotAllowed(PlacementError):
    """The Host header does not name this service. Use its own address, or add the name to its settings."""

    status, code, title = 400, "host_not_allowed", "Host not allowed"


class VersionMismatch(PlacementError):
    """Somebody changed it since it was read. Read it again, see what changed, and send your change anew."""

    status, code, title = 412, "version_mismatch", "Changed in the meantime"


class NothingToMatch(VersionMismatch):
    """There is nothing of this reference, so it has no version. To store it, leave out the header If-Match."""

    code, title = "nothing_to_match", "Nothing there to change"


class VersionNotGiven(PlacementError):
    """It exists already. To change it, send the ETag of its last reading in the header If-Match."""

    status, code, title = 428, "version_not_given", "If-Match is missing"


class KeyUsedForAnother(PlacementError):
    """The Idempotency-Key was used before for another request. Use a new key for each new request."""

    status, code, title = 422, "idempotency_key_reused", "Idempotency-Key used before"


class ChildAlreadyWaiting(PlacementError):
    """A child of this referral already waits in another one; `errors` says who and where. Change that one first."""

    status, code, title = 409, "child_already_waiting", "Child is already waiting"


class DatabaseUnavailable(PlacementError):
    """The database does not answer just now, so nothing was changed. Try again in a moment."""

    status, code, title = 503, "database_unavailable", "Database unavailable"
    retry_after_s = 2


class DatabaseBusy(PlacementError):
    """Too many changes are being made at once, so nothing was changed. Try again in a moment."""

    status, code, title = 503, "database_busy", "Database busy"
    retry_after_s = 1


class SchemaNotCurrent(PlacementError):
    """The database is not laid out for this version of the service. Run: placement migrate."""

    status, code, title = 503, "schema_not_current", "Database needs migrating"
    retry_after_s = 60


class DatabaseRefused(PlacementError):
    """The database cannot be used safely. The log of the service says why."""

    status, code, title = 503, "database_refused", "Database cannot be used"
    retry_after_s = 60


class LoginRefused(PlacementError):
    """The database does not let this login in: name or password in its address are not taken.

    Operators: check PLACEMENT_DATABASE_URL. A login that is new there is made by placement migrate.
    """

    status, code, title = 503, "database_login_refused", "Database login refused"
    retry_after_s = 60


class DatabaseMissing(PlacementError):
    """There is no database of this name on the server.

    Operators: check the name in PLACEMENT_DATABASE_URL, or make the database first and then run placement migrate.
    """

    status, code, title = 503, "database_missing", "No such database"
    retry_after_s = 60


class LoginMayNot(DatabaseRefused):
    """The login that was used may not do this in the database, so nothing was changed.

    Operators: placement migrate works as PLACEMENT_DATABASE_OWNER_URL, the login that owns the database; the login of
    the service may only take on the role that placement migrate makes and grants to it.
    """

    status, code, title = 503, "database_login_may_not", "Database login may not do this"
    retry_after_s = 60


class Internal(PlacementError):
    """Something went wrong inside the service, and nothing was changed. Report the correlation id."""


class ReadOnly(PlacementError):
    """The service is set to reading alone just now, so nothing was changed. Everything can be looked at meanwhile."""

    status, code, title = 503, "read_only", "Nothing can be changed just now"
    retry_after_s = 60


class Ending(PlacementError):
    """This process is about to end and takes no new work. Another one answers, or this one's successor in a moment."""

    status, code, title = 503, "ending", "About to end"
    retry_after_s = 5


class BodyTooSlow(PlacementError):
    """The body did not arrive in time. Send it again, in smaller parts if it is large."""

    status, code, title = 408, "body_too_slow", "Body too slow"


class NotSignedIn(PlacementError):
    """This address needs a bearer token. Send it as Authorization: Bearer, or sign in at /signin."""

    status, code, title = 401, "not_signed_in", "Not signed in"
    challenge = 'Bearer realm="placement"'


class TokenRefused(PlacementError):
    """The bearer token is not one that this service takes. Ask your provider for a new one, made for this service."""

    status, code, title = 401, "token_refused", "Token refused"
    challenge = 'Bearer realm="placement", error="invalid_token"'


class TokenExpired(PlacementError):
    """The bearer token has expired. Ask your provider for a new one."""

    status, code, title = 401, "token_expired", "Token expired"
    challenge = 'Bearer realm="placement", error="invalid_token"'


class SessionOver(PlacementError):
    """The session has ended. Sign in again at /signin."""

    status, code, title = 401, "session_over", "Session has ended"
    challenge = 'Bearer realm="placement"'


class NotPermitted(PlacementError):
    """None of your roles may do this. GET /me shows your roles; ask your administrator if one is missing."""

    status, code, title = 403, "not_permitted", "Not permitted"


class PersonNeeded(PlacementError):
    """This is a decision about a child, so a person must make it: a system's token cannot. Sign in yourself."""

    status, code, title = 403, "person_needed", "A person must do this"


class AnotherAuthority(PlacementError):
    """This service works for another authority than the one your token is for. Use your own authority's service."""

    status, code, title = 403, "another_authority", "Another authority's service"


class CsrfMissing(PlacementError):
    """A change from a browser's session needs its token in the header X-CSRF-Token. GET /me gives it."""

    status, code, title = 403, "csrf_missing", "X-CSRF-Token is missing"


class LocalOnly(PlacementError):
    """This service trusts its own tokens, so it answers on this machine alone. Configure a provider to open it."""

    status, code, title = 403, "local_only", "On this machine only"


class SignInFailed(PlacementError):
    """Signing in did not work, or took too long. Begin again at /signin."""

    status, code, title = 400, "sign_in_failed", "Sign-in failed"


class IssuerUnavailable(PlacementError):
    """The provider that signs tokens does not answer just now, so nobody can be let in. Try again in a moment."""

    status, code, title = 503, "issuer_unavailable", "Sign-in provider unavailable"
    retry_after_s = 5


class TooManyRequests(PlacementError):
    """You have sent more requests than one caller may in ten seconds. Wait as long as Retry-After says."""

    status, code, title = 429, "too_many_requests", "Too many requests"

    def __init__(self, wait_s: int = 1) -> None:
        super().__init__()
        self.retry_after_s = wait_s


class Overloaded(PlacementError):
    """The service has more to do than it can, so this was not begun. Try again in a moment."""

    status, code, title = 503, "overloaded", "Overloaded"
    retry_after_s = 1


class WorkTooLong(PlacementError):
    """It took too long, and may still be done. Read it again, or send it again with its Idempotency-Key."""

    status, code, title = 503, "work_too_long", "Took too long"
    retry_after_s = 5


class PlacementNotFound(PlacementError):
    """There is no placement of this id. GET /placements lists those that there are."""

    status, code, title = 404, "placement_not_found", "Placement not found"


class ProposalNotStanding(PlacementError):
    """The proposal does not stand any more; `errors` says why. GET /proposals lists those that do."""

    status, code, title = 409, "proposal_not_standing", "Proposal does not stand"


class StepNotOpen(PlacementError):
    """This cannot be done to a placement in its present state. GET it again: `steps` says what can."""

    status, code, title = 409, "step_not_open", "Not possible in this state"


class HoldExpired(PlacementError):
    """The time of the hold is over, so its places are given back. Look again, and hold anew if they are still free."""

    status, code, title = 409, "hold_expired", "Hold has expired"


class PlaceTaken(PlacementError):
    """Somebody else took the place a moment ago. Look again: the list shows the homes that are free now."""

    status, code, title = 409, "place_taken", "Place was taken"


class ChildBeingPlaced(PlacementError):
    """A child of this party has a place already; `errors` says by which placement. What to do stands beside each."""

    status, code, title = 409, "child_being_placed", "Child is being placed already"

    def __init__(self, problems: Sequence[FieldProblem] = ()) -> None:
        cure = "Look again: the list says by which placement, and GET /placements lists the newest first."
        super().__init__(problems or [FieldProblem("children", "A child of this party has a place by now.", cure)])


class ReferralAnswered(PlacementError):
    """A child of this party left care after the referral was sent; `errors` says when. Have it sent again first."""

    status, code, title = 409, "referral_answered", "Referral was answered"


class FactsChanged(PlacementError):
    """What you saw is not so any more; `errors` says what changed. Look again, and decide on what is so now."""

    status, code, title = 409, "facts_changed", "Facts have changed"


class RulesNotMet(PlacementError):
    """Rules are not met as things stand now; `errors` names them. It says of each whether it can be overridden."""

    status, code, title = 409, "rules_not_met", "Rules not met"


class NotSeen(PlacementError):
    """You were not shown what you decide on; `errors` says what is amiss. Read it yourself, and send its `seen`."""

    status, code, title = 409, "not_seen", "Not seen before"

    def __init__(self, problems: Sequence[FieldProblem] = ()) -> None:
        cure = "Read what you decide on, and send the `seen` of that very answer."
        super().__init__(problems or [FieldProblem("seen", "What you were shown is something else.", cure)])


class ApprovalMissing(PlacementError):
    """This placement must be approved first. Hold it, and let the person whom `approval_needed` names approve it."""

    status, code, title = 409, "approval_missing", "Approval is missing"


class SecondMissing(PlacementError):
    """A rule is overridden, so a second person must agree first. Hold it, and ask an approver to second it."""

    status, code, title = 409, "second_missing", "Second person is missing"


class NotDirector(PlacementError):
    """This approval is the director's own, and takes the role `director`. Ask the director of children's services."""

    status, code, title = 403, "not_director", "Director is needed"


class AnotherPersonNeeded(PlacementError):
    """Nobody agrees to what they proposed, nor accepts what they seconded themselves. Somebody else must do this."""

    status, code, title = 403, "another_person_needed", "Another person is needed"

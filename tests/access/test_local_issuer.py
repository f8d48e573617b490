"""The issuer of our own works on this machine and nowhere else."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.access.local_issuer import KEY_FILE, LocalIssuer, NotOnThisMachine, is_loopback, require_loopback
from app.main import create_app
from app.settings import Settings
from tests.api.service import TODAY, settings_for
from tests.support.access import bearer, client_of

OURS = ("127.0.0.1", "localhost", "[::1]")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost", "LOCALHOST"])
def test_this_machine(host: str) -> None:
    """Whatever means this machine alone."""
    assert is_loopback(host)
    require_loopback(host, OURS)


@pytest.mark.parametrize(
    "host",
    [
        "0.0.0.0",  # noqa: S104
        "::",
        "",
        "192.168.1.7",
        "10.0.0.1",
        "placements.example",
        "localhost.example",
        "127.0.0.1.example",
        "127.1",
        "0x7f000001",
        "::ffff:192.168.1.7",
        "*",
    ],
)
def test_every_other_address_is_refused(host: str) -> None:
    """As the address to listen on, or as a name to answer to: the service does not start, and says what to do."""
    with pytest.raises(NotOnThisMachine, match="PLACEMENT_OIDC_ISSUER"):
        require_loopback(host, OURS)
    with pytest.raises(NotOnThisMachine, match="PLACEMENT_OIDC_ISSUER"):
        require_loopback("127.0.0.1", (*OURS, host))


def test_the_service_does_not_start_elsewhere(sqlite_url: str) -> None:
    """`create_app` itself refuses, whoever runs it; with a provider of its own it starts."""
    settings = settings_for(sqlite_url)
    for changes in ({"host": "0.0.0.0"}, {"allowed_hosts": ("127.0.0.1", "placements.example")}):  # noqa: S104
        with pytest.raises(NotOnThisMachine):
            create_app(settings.model_copy(update=changes), lambda: TODAY)
        given = {"oidc_issuer": "https://id.example", "oidc_roles": {"Officers": "officer"}}
        app = create_app(Settings(**settings.model_dump() | changes | given), lambda: TODAY)
        app.state.service.database.close()
        assert app.state.access.issuer is None


def test_a_request_from_elsewhere_is_refused(sqlite_url: str) -> None:
    """Started behind our back on every address, it still answers nobody but this machine: not even with a token."""
    app = create_app(settings_for(sqlite_url), lambda: TODAY)
    for server, status in (("127.0.0.1", 200), ("192.168.1.7", 403)):
        with client_of(app) as client:
            client.base_url = f"http://{server}"  # type: ignore[assignment]
            answer = client.get("/me", headers={"Host": "127.0.0.1", **bearer()})
            assert answer.status_code == status, answer.text
            if status == 403:
                assert answer.json()["code"] == "local_only"


def test_the_key_is_its_owner_s_alone_and_stays(tmp_path: Path) -> None:
    """Made once, readable by nobody else, and the same for every process, even if all make it at once."""
    folder = tmp_path / "var" / "access"
    with ThreadPoolExecutor(8) as pool:
        issuers = list(pool.map(lambda _n: LocalIssuer.open(folder, "E06000018"), range(8)))
    assert len({issuer.key.thumbprint() for issuer in issuers}) == 1
    assert stat.S_IMODE((folder / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == [KEY_FILE]


def test_the_public_keys_keep_the_secret(tmp_path: Path) -> None:
    """What verifies cannot sign."""
    issuer = LocalIssuer.open(tmp_path, "E06000018")
    secret = json.loads((tmp_path / KEY_FILE).read_text(encoding="utf-8"))["d"]
    assert secret not in json.dumps(issuer.public_keys())

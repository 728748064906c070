"""The way to the model: key, certificate, proxy, silence, and which secrets are asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import requests
import trustme
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from tests.collect.test_connection import Proxy, TlsFront
from tests.digest.digest_world import World
from tests.digest.digester import Digester
from tests.digest.model_server import (
    ModelServer,
    completion,
)


@pytest.mark.once
def test_a_key_goes_to_the_host_it_is_stored_for_and_to_no_other(digester: Digester, model: ModelServer) -> None:
    digest = digester.run(model_url=model.url.replace("127.0.0.1", "localhost"))
    assert digest["written_by"] == "model"
    assert "Authorization" not in model.headers[0]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return str(tmp_path / "ca.pem")


@pytest.fixture
def tls(authority: trustme.CA, model: ModelServer) -> Iterator[str]:
    front = TlsFront(authority, "localhost", int(model.url.rsplit(":", 1)[1].partition("/")[0]))
    yield f"https://localhost:{front.port}/v1"
    front.close()


@pytest.mark.once
def test_a_private_authority_is_trusted_when_it_is_named(digester: Digester, tls: str, ca_file: str) -> None:
    digest = digester.run(model_url=tls)
    assert digest["fallback"] == "untrusted" and "model_ca_bundle" in digest["fallback_reason"]
    digest = digester.run(model_url=tls, model_ca_bundle=ca_file)
    assert digest["written_by"] == "model"


@pytest.mark.once
def test_a_proxy_is_signed_in_at_and_told_when_it_refuses(
    digester: Digester, splunk: World, tls: str, ca_file: str
) -> None:
    proxy = Proxy("me:p@ss/word")
    try:
        through = {"model_url": tls, "model_ca_bundle": ca_file, "model_proxy_url": f"http://127.0.0.1:{proxy.port}"}
        digest = digester.run(**through)
        assert digest["fallback"] == "proxy_sign_in" and "digest_model.proxy" in digest["fallback_reason"]
        splunk.secret("digest_model.proxy", "me:p@ss/word")
        digest = digester.run(**through)
        assert digest["written_by"] == "model"
        assert proxy.asked[-1] == ("CONNECT", tls.partition("//")[2].partition("/")[0])
        assert "p@ss" not in splunk.log() and "p%40ss" not in splunk.log()
    finally:
        proxy.close()


@pytest.mark.once
def test_nobody_listens(digester: Digester, model: ModelServer) -> None:
    model.close()
    digest = digester.run()
    assert digest["fallback"] == "unreachable"


@pytest.mark.once
def test_a_run_that_could_not_ask_is_worded_when_it_is_repeated(digester: Digester, model: ModelServer) -> None:
    model.play = lambda things: completion("no")
    assert digester.run()["written_by"] == "template"
    model.play = model.good
    digest = digester.run()
    assert digest["written_by"] == "model" and digest["revision"] == 2


@pytest.mark.once
def test_of_the_stored_secrets_it_asks_for_its_own_alone(digester: Digester, splunk: World) -> None:
    """It can act at nobody: a collector's token does not even come into its memory."""
    asked: list[str] = []

    def pass_on(environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        asked.append(request.full_path.rstrip("?"))
        answer = requests.request(
            request.method,
            splunk.splunkd.uri + environ["RAW_URI"] if "RAW_URI" in environ else splunk.splunkd.uri + asked[-1],
            data=request.get_data(),
            headers={name: value for name, value in request.headers.items() if name.lower() != "host"},
            timeout=10,
        )
        kept = {"content-type": answer.headers.get("Content-Type", "text/plain")}
        return Response(answer.content, answer.status_code, kept)(environ, start_response)

    between = make_server("127.0.0.1", 0, pass_on, threaded=True)
    threading.Thread(target=between.serve_forever, daemon=True).start()
    try:
        digest = digester.run(server_uri=f"http://127.0.0.1:{between.server_port}")
    finally:
        between.shutdown()
        between.server_close()
    assert digest["written_by"] == "model"
    secrets = [path for path in asked if "storage/passwords" in path]
    assert secrets and all("digest_" in unquote(path) for path in secrets)

"""Sends what openapi.yaml allows, and what it forbids, to a server over HTTP/2, and judges every answer by it.

No answer may be a 5xx, have a status or a media type that its operation does not declare, or a body or header that
breaks its schema. Schemathesis makes the requests; an adapter of its HTTP library sends them over HTTP/2.

Environment: BOMBYX_URL (https), BOMBYX_CA (the certificate), BOMBYX_OPENAPI (the contract), BOMBYX_KEY_FILE (the operator's
key), BOMBYX_ACCOUNT_KEY_FILE (that of an account with every scope), BOMBYX_EXAMPLES (of each operation and manner), BOMBYX_SEED.
"""

import io
import os
import ssl
import sys

import httpx
import hypothesis
import requests
import schemathesis
import urllib3
import yaml
from requests.structures import CaseInsensitiveDict
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks, CHECKS

# What HTTP/2 has no use for (RFC 9113 section 8.2.2); requests adds some of it.
CONNECTION_HEADERS = {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "host"}
# Of an answer without end (text/event-stream) so much is read.
STREAM_BYTES = 2_000
# Requests with headers below this many bytes are always answered.
HEADER_BYTES = 12_000

SCHEMA_RULE = "response_schema_conformance"
RULES = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    SCHEMA_RULE,
)


class Unsendable(Exception):
    """The request cannot be said in HTTP/2."""


class HTTP2Adapter(requests.adapters.BaseAdapter):
    """Sends what requests has prepared by httpx, over one connection of HTTP/2."""

    def __init__(self, certificate):
        super().__init__()
        context = ssl.create_default_context(cafile=certificate)
        self.client = httpx.Client(http2=True, http1=False, verify=context, timeout=30)
        self.sent = 0

    def send(self, request, stream=False, timeout=None, verify=True, cert=None, proxies=None):
        headers = [(n, v) for n, v in request.headers.items() if n.lower() not in CONNECTION_HEADERS]
        body = request.body.encode() if isinstance(request.body, str) else request.body
        try:
            prepared = self.client.build_request(request.method, request.url, headers=headers, content=body)
            answer = self.client.send(prepared, stream=True)
        except (httpx.LocalProtocolError, httpx.InvalidURL, UnicodeEncodeError) as error:
            raise Unsendable(str(error)) from error
        except httpx.RemoteProtocolError as error:
            # A session ends by a header that is larger than any may be (README, Limits), and by nothing else.
            if len(prepared.url.raw_path) + sum(len(n) + len(v) for n, v in prepared.headers.raw) < HEADER_BYTES:
                raise
            raise Unsendable(str(error)) from error
        self.sent += 1
        assert answer.http_version == "HTTP/2"
        content = b""
        endless = answer.headers.get("content-type", "").startswith("text/event-stream")
        for chunk in answer.iter_raw():
            content += chunk
            if endless:
                break
        answer.close()
        return self.converted(answer, content[:STREAM_BYTES] if endless else content, request)

    def close(self):
        self.client.close()

    @staticmethod
    def converted(answer, content, request):
        response = requests.Response()
        response.status_code = answer.status_code
        response.headers = CaseInsensitiveDict(answer.headers.items())
        response.reason = ""
        response.url = request.url
        response.request = request
        response._content = content
        response.raw = urllib3.HTTPResponse(
            body=io.BytesIO(content),
            headers=list(answer.headers.items()),
            status=answer.status_code,
            preload_content=False,
            version=20,
        )
        return response


# What `default` stands for: refusals that come before an operation is looked at.
OTHER_STATUSES = ("405", "408", "413", "415", "429", "431", "500", "503")
# The first keys of a new exchange: the operator's and the account's.
OWN_KEYS = {"k1", "k2"}
# Scopes of operations that an account has need of.
ACCOUNT_SCOPES = {"offer", "bid", "read", "withdraw"}


def contract(path):
    """The contract, with the statuses that any operation may have in place of `default`, which would allow all."""
    with open(path) as file:
        document = yaml.safe_load(file)
    for operations in document["paths"].values():
        for operation in operations.values():
            other = operation["responses"].pop("default", None) if isinstance(operation, dict) else None
            for status in OTHER_STATUSES if other else ():
                operation["responses"].setdefault(status, other)
    return document


def told(failure):
    """What is wrong, of a group each part."""
    parts = getattr(failure, "exceptions", [failure])
    return "\n".join(f"{type(part).__name__}: {part}" for part in parts)


def main():
    load_all_checks()
    checks = [CHECKS.get_one(name) for name in RULES]
    url = os.environ["BOMBYX_URL"]
    operator, account = (open(os.environ[name]).read().strip() for name in ("BOMBYX_KEY_FILE", "BOMBYX_ACCOUNT_KEY_FILE"))
    examples = int(os.environ.get("BOMBYX_EXAMPLES", "10"))
    seed = int(os.environ.get("BOMBYX_SEED", "1"))
    schema = schemathesis.openapi.from_dict(contract(os.environ["BOMBYX_OPENAPI"]))
    adapter = HTTP2Adapter(os.environ["BOMBYX_CA"])
    session = requests.Session()
    session.mount("https://", adapter)
    failures = {}
    statuses = {}
    unsendable = 0

    def send(case, key):
        nonlocal unsendable
        try:
            response = case.call(base_url=url, session=session, headers={"Authorization": "Bearer " + key})
        except Unsendable:
            unsendable += 1
            return
        statuses[response.status_code] = statuses.get(response.status_code, 0) + 1
        media_type = " ".join(response.headers.get("content-type", []))
        # The schema of a stream is that of its events' data, and that of YAML is that of its text.
        is_read = not any(part in media_type for part in ("event-stream", "yaml"))
        case.validate_response(response, checks=[c for c in checks if is_read or c.__name__ != SCHEMA_RULE])

    def attempt(operation, mode):
        """Sends examples of an operation until one is answered wrongly."""
        scopes = {s for wanted in operation.definition.raw.get("security", []) for s in wanted.get("bearerKey", [])}
        key = account if scopes & ACCOUNT_SCOPES else operator
        settings = hypothesis.settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
            print_blob=False,
        )

        @hypothesis.seed(seed)
        @settings
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
        def each(case):
            # Who takes the keys away that all is done with learns nothing more.
            hypothesis.assume(str((case.path_parameters or {}).get("key")) not in OWN_KEYS)
            send(case, key)

        each()

    def answered(key):
        """The status of a request that the key is good for."""
        answer = session.get(url + "/v1/account", headers={"Authorization": "Bearer " + key})
        return answer.status_code

    operations = [result.ok() for result in schema.get_all_operations()]
    # A key that is revoked by accident ends the rest: keys come last.
    operations.sort(key=lambda operation: "/keys" in operation.path)
    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                attempt(operation, mode)
            except hypothesis.errors.Unsatisfiable:
                # Nothing about this operation can be wrong.
                pass
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException as failure:  # groups of failures are no exceptions of the usual kind
                failures.setdefault(f"{operation.label} ({mode.name.lower()})", told(failure))
    print(f"{len(operations)} operations, {adapter.sent} requests over HTTP/2, statuses {dict(sorted(statuses.items()))}")
    print(f"{unsendable} requests could not be said in HTTP/2")
    if [answered(operator), answered(account)] != [200, 200]:
        failures["The keys"] = "One of them is not good any more, so that most requests were refused for that."
    for operation, failure in failures.items():
        print(f"\n{operation}\n{failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

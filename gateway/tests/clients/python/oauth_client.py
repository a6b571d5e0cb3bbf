# A web application's OAuth client, unmodified, at an app behind the gateway: Authlib or requests-oauthlib.
#
#   python oauth_client.py --library authlib|requests-oauthlib --app URL --username U --password P
#
# Registers with a secret, goes through code with PKCE in a real browser (../node/walk.mjs), calls the app, refreshes
# by itself when the token has expired, introspects and revokes where the library can.
#
#   --app URL          the resource, for example http://127.0.0.1:8080/
#   --method M         client_secret_basic (default) or client_secret_post; requests-oauthlib knows, where it refreshes
#                      by itself, only the latter
#   --no-pkce          asks without PKCE, as older programs do; prints the error that came back
#   --timeout SECONDS  for the browser (60)
#
# Prints {library, token: {scope, expires_in, has_refresh_token}, statuses: {first, refreshed, revoked}, refreshes,
# introspected: the answer or null, introspected_after}; with --no-pkce {library, answer: the parameters}.
# Exit codes: 0 done, 1 failed, 2 usage.

import argparse
import json
import os
import socket
import subprocess
from pathlib import Path
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests
from authlib.integrations.requests_client import OAuth2Session as Authlib
from requests_oauthlib import OAuth2Session as RequestsOauthlib

WALK = Path(__file__).resolve().parent.parent / "node" / "walk.mjs"
SCOPES = ["access", "offline_access"]

# The demo speaks plain HTTP on loopback, which both libraries refuse by default.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
os.environ["NO_PROXY"] = "*"


class Server:
    """What the app's metadata say, and a client registered there."""

    def __init__(self, flags: argparse.Namespace):
        resource = get_json(urljoin(flags.app, "/.well-known/oauth-protected-resource"))
        self.resource = resource["resource"]
        issuer = resource["authorization_servers"][0]
        self.metadata = get_json(urljoin(issuer, "/.well-known/oauth-authorization-server"))
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.redirect_uri = f"http://127.0.0.1:{free.getsockname()[1]}/callback"
        registration = {
            "client_name": f"Doorward test ({flags.library})",
            "redirect_uris": [self.redirect_uri],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": flags.method,
        }
        answer = requests.post(self["registration_endpoint"], json=registration, timeout=20)
        answer.raise_for_status()
        self.client = answer.json()

    def __getitem__(self, name: str) -> str:
        return self.metadata[name]


class ByAuthlib:
    def __init__(self, server: Server, flags: argparse.Namespace):
        self.server = server
        self.refreshes = 0
        self.session = Authlib(
            server.client["client_id"],
            server.client["client_secret"],
            token_endpoint_auth_method=flags.method,
            revocation_endpoint_auth_method=flags.method,
            token_endpoint=server["token_endpoint"],
            redirect_uri=server.redirect_uri,
            scope=" ".join(SCOPES),
            code_challenge_method=None if flags.no_pkce else "S256",
            update_token=self.refreshed,
        )
        self.verifier = "a-verifier-of-authlib-that-is-long-enough-for-rfc-7636"

    def refreshed(self, token: dict, refresh_token: str, access_token: str | None = None) -> None:
        self.refreshes += 1

    def authorization_url(self) -> str:
        url, _ = self.session.create_authorization_url(
            self.server["authorization_endpoint"], code_verifier=self.verifier, resource=self.server.resource
        )
        return url

    def fetch_token(self, answer: str) -> dict:
        # Authlib checks `state` where it is given, and sends `code_verifier` along.
        state = dict(parse_qsl(urlsplit(answer).query))["state"]
        return self.session.fetch_token(authorization_response=answer, code_verifier=self.verifier, state=state)

    def introspect(self) -> dict:
        token = self.session.token["access_token"]
        return self.session.introspect_token(self.server["introspection_endpoint"], token=token).json()

    def revoke(self) -> int:
        token = self.session.token["refresh_token"]
        return self.session.revoke_token(self.server["revocation_endpoint"], token=token).status_code


class ByRequestsOauthlib:
    def __init__(self, server: Server, flags: argparse.Namespace):
        self.server = server
        self.refreshes = 0
        secret = server.client["client_secret"]
        self.in_body = {"client_id": server.client["client_id"], "client_secret": secret}
        self.session = RequestsOauthlib(
            server.client["client_id"],
            redirect_uri=server.redirect_uri,
            scope=SCOPES,
            pkce=None if flags.no_pkce else "S256",
            auto_refresh_url=server["token_endpoint"],
            auto_refresh_kwargs=self.in_body,
            token_updater=self.refreshed,
        )

    def refreshed(self, token: dict) -> None:
        self.refreshes += 1
        self.session.token = token

    def authorization_url(self) -> str:
        url, _ = self.session.authorization_url(self.server["authorization_endpoint"], resource=self.server.resource)
        return url

    def fetch_token(self, answer: str) -> dict:
        return self.session.fetch_token(
            self.server["token_endpoint"],
            authorization_response=answer,
            include_client_id=True,
            client_secret=self.in_body["client_secret"],
            resource=self.server.resource,
        )

    def introspect(self) -> None:
        """It cannot."""

    def revoke(self) -> int:
        # oauthlib underneath prepares the request; sending it is left to the application.
        url, headers, body = self.session._client.prepare_token_revocation_request(
            self.server["revocation_endpoint"], self.session.token["refresh_token"], "refresh_token", **self.in_body
        )
        return requests.post(url, headers=headers, data=body, timeout=20).status_code


def get_json(url: str) -> dict:
    answer = requests.get(url, timeout=20)
    answer.raise_for_status()
    return answer.json()


def walk(flags: argparse.Namespace, url: str) -> str:
    """Where the browser ended."""
    arguments = ["--url", url, "--username", flags.username, "--password", flags.password]
    arguments += ["--timeout", str(flags.timeout)]
    done = subprocess.run(["node", str(WALK), *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return json.loads(done.stdout)["url"]


def status(client, app: str) -> int:
    return client.session.get(app, headers={"Accept": "application/json"}).status_code


def main() -> dict:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    libraries = {"authlib": ByAuthlib, "requests-oauthlib": ByRequestsOauthlib}
    parser.add_argument("--library", required=True, choices=libraries)
    for name in ("app", "username", "password"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--method", default="client_secret_basic")
    parser.add_argument("--no-pkce", action="store_true")
    parser.add_argument("--timeout", type=float, default=60)
    flags = parser.parse_args()
    server = Server(flags)
    client = libraries[flags.library](server, flags)
    answer = walk(flags, client.authorization_url())
    if flags.no_pkce:
        return {"library": flags.library, "answer": dict(parse_qsl(urlsplit(answer).query))}
    token = dict(client.fetch_token(answer))
    statuses = {"first": status(client, flags.app)}
    # As if the token had expired: the library refreshes before it asks.
    client.session.token = {**token, "expires_at": 1, "expires_in": -1}
    statuses["refreshed"] = status(client, flags.app)
    introspected = client.introspect()
    statuses["revocation"] = client.revoke()
    statuses["revoked"] = status(client, flags.app)
    return {
        "library": flags.library,
        "token": {
            "scope": token["scope"],
            "expires_in": token["expires_in"],
            "has_refresh_token": "refresh_token" in token,
        },
        "statuses": statuses,
        "refreshes": client.refreshes,
        "introspected": introspected,
        "introspected_after": client.introspect(),
    }


if __name__ == "__main__":
    print(json.dumps(main()))

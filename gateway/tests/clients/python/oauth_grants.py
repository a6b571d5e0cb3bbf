# Programs without a browser of their own, by Authlib or requests-oauthlib, unmodified.
#
#   python oauth_grants.py --library authlib --grant device --app URL --username U --password P
#   python oauth_grants.py --library L --grant client-credentials --app URL --client-id I --client-secret S
#
# `device` (RFC 8628) registers, shows a code, and polls while a person enters it in a real browser (../node/let-in.mjs).
# `client-credentials` comes in the client's own name.
#
# Prints {library, grant, token: {token_type, scope, expires_in, has_refresh_token}, status: of the app}.
# Exit codes: 0 done, 1 failed, 2 usage.

import argparse
import json
import os
import subprocess
import time
from pathlib import Path
from urllib.parse import urljoin

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session as Authlib
from oauthlib.oauth2 import BackendApplicationClient
from requests_oauthlib import OAuth2Session as RequestsOauthlib

LET_IN = Path(__file__).resolve().parent.parent / "node" / "let-in.mjs"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"

# The demo speaks plain HTTP on loopback, which both libraries refuse by default.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
os.environ["NO_PROXY"] = "*"


def by_device(flags: argparse.Namespace, metadata: dict) -> tuple[dict, Authlib]:
    registration = {
        "client_name": "Doorward test (Authlib)",
        "redirect_uris": [],
        "grant_types": [DEVICE_CODE, "refresh_token"],
        "token_endpoint_auth_method": "none",
    }
    client = checked(requests.post(metadata["registration_endpoint"], json=registration, timeout=20))
    form = {"client_id": client["client_id"], "scope": "access"}
    asked = checked(requests.post(metadata["device_authorization_endpoint"], data=form, timeout=20))
    person = ["--url", asked["verification_uri"], "--code", asked["user_code"]]
    person += ["--username", flags.username, "--password", flags.password]
    with subprocess.Popen(["node", str(LET_IN), *person], stdout=subprocess.DEVNULL) as walk:
        session = Authlib(client["client_id"], token_endpoint_auth_method="none")
        while True:
            time.sleep(asked["interval"])
            try:
                code = asked["device_code"]
                return session.fetch_token(metadata["token_endpoint"], grant_type=DEVICE_CODE, device_code=code), session
            except OAuthError as error:
                if error.error != "authorization_pending" or walk.poll() not in (None, 0):
                    raise


def by_client_credentials(flags: argparse.Namespace, metadata: dict):
    if flags.library == "authlib":
        session = Authlib(flags.client_id, flags.client_secret)
        return session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials"), session
    session = RequestsOauthlib(client=BackendApplicationClient(client_id=flags.client_id))
    token = session.fetch_token(
        metadata["token_endpoint"], client_id=flags.client_id, client_secret=flags.client_secret
    )
    return token, session


def checked(answer: requests.Response) -> dict:
    answer.raise_for_status()
    return answer.json()


def main() -> dict:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--library", required=True, choices=["authlib", "requests-oauthlib"])
    parser.add_argument("--grant", required=True, choices=["device", "client-credentials"])
    parser.add_argument("--app", required=True)
    for name in ("username", "password", "client-id", "client-secret"):
        parser.add_argument(f"--{name}")
    flags = parser.parse_args()
    metadata = checked(requests.get(urljoin(flags.app, "/.well-known/oauth-authorization-server"), timeout=20))
    take = {"device": by_device, "client-credentials": by_client_credentials}[flags.grant]
    token, session = take(flags, metadata)
    return {
        "library": flags.library,
        "grant": flags.grant,
        "token": {
            "token_type": token["token_type"],
            "scope": token["scope"],
            "expires_in": token["expires_in"],
            "has_refresh_token": "refresh_token" in token,
        },
        "status": session.get(flags.app, headers={"Accept": "application/json"}).status_code,
    }


if __name__ == "__main__":
    print(json.dumps(main()))

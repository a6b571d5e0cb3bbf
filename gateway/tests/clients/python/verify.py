# A verifier of what the gateway signs, as an app behind it would write one.
#
#   python verify.py --library joserfc|pyjwt --token T --jwks URL --issuer I --audience A --algorithm ALG --type TYP
#
# Verifies the token by the key set at URL, and then three that are no good: one changed by a character, one for
# another audience, one by another issuer. PyJWT finds its key by its PyJWKClient.
#
#   --type TYP         the `typ` of the header: at+jwt for access tokens, JWT for assertions
#
# Prints {library, header, claims, refused: {changed, audience, issuer}}, where `refused` says why.
# Exit codes: 0 done, 1 failed, 2 usage.

import argparse
import json
import warnings
from urllib.request import ProxyHandler, build_opener

import jwt
from joserfc import jwt as joserfc_jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import KeySet


def by_joserfc(flags: argparse.Namespace):
    # RFC 9864 calls `EdDSA` by another name, which few others know yet; joserfc says so each time.
    warnings.simplefilter("ignore", SecurityWarning)
    # Everything is on loopback.
    with build_opener(ProxyHandler({})).open(flags.jwks) as response:
        keys = KeySet.import_key_set(json.load(response))

    def verify(token: str, issuer: str, audience: str) -> tuple[dict, dict]:
        decoded = joserfc_jwt.decode(token, keys, algorithms=[flags.algorithm])
        rules = joserfc_jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
        )
        rules.validate(decoded.claims)
        return decoded.header, decoded.claims

    return verify


def by_pyjwt(flags: argparse.Namespace):
    keys = jwt.PyJWKClient(flags.jwks)

    def verify(token: str, issuer: str, audience: str) -> tuple[dict, dict]:
        key = keys.get_signing_key_from_jwt(token)
        decoded = jwt.decode_complete(
            token,
            key,
            algorithms=[flags.algorithm],
            issuer=issuer,
            audience=audience,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
        return decoded["header"], decoded["payload"]

    return verify


def changed(token: str) -> str:
    """The same with one character of its signature changed."""
    at = len(token) - 20
    return token[:at] + ("B" if token[at] == "A" else "A") + token[at + 1 :]


def refusal(verify, token: str, **expected: str) -> str:
    try:
        verify(token, **expected)
    except (jwt.InvalidTokenError, JoseError) as error:
        return f"{type(error).__name__}: {error}"
    raise RuntimeError("accepted, and should not have been")


def main() -> None:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--library", required=True, choices=["joserfc", "pyjwt"])
    for name in ("token", "jwks", "issuer", "audience", "algorithm", "type"):
        parser.add_argument(f"--{name}", required=True)
    flags = parser.parse_args()
    verify = {"joserfc": by_joserfc, "pyjwt": by_pyjwt}[flags.library](flags)
    header, claims = verify(flags.token, flags.issuer, flags.audience)
    if header["typ"] != flags.type:
        raise RuntimeError(f"it is a {header['typ']}")
    refused = {
        "changed": refusal(verify, changed(flags.token), issuer=flags.issuer, audience=flags.audience),
        "audience": refusal(verify, flags.token, issuer=flags.issuer, audience="another"),
        "issuer": refusal(verify, flags.token, issuer="http://another", audience=flags.audience),
    }
    print(json.dumps({"library": flags.library, "header": header, "claims": claims, "refused": refused}))


if __name__ == "__main__":
    main()

# An MCP client made of the official Python SDK (`mcp`), unmodified: of its second generation, or of its first where
# that is installed (.venv-mcp1).
#
#   python mcp_client.py login --mcp URL --store FILE --username U --password P
#   python mcp_client.py use   --mcp URL --store FILE
#   python mcp_client.py race  --store FILE
#
# `login` discovers, registers, authorizes in a real browser (../node/walk.mjs), lists the tools and calls
# one. `use` goes on from the store in a new process without a browser. `race` is ../node/race.mjs with this
# client: processes that share a refresh token use it at the same instant.
#
#   --mcp URL            the MCP endpoint (use, race: the one in the store)
#   --store FILE         JSON file of the client's registration and tokens; login starts it anew
#   --username, --password
#   --then-wait SECONDS  login: stays in the process until the access token is sure to have expired, calls the
#                        tool again, and fails unless that took a refresh and no second visit to the browser
#   --decision D         login: allow (default) or deny; deny has to end in the SDK's refusal
#   --keep-tokens        login: go on with what is in the store; the app now wants more than the tokens allow (step-up)
#   --redirect-host H    login: 127.0.0.1 (default) or localhost
#   --mode M             auto (the SDK's default: server/discover first), legacy (initialize) or 2026-07-28
#   --tool NAME          the tool to call (whoami), with --arguments JSON ({})
#   --plain              use: nothing but tokens and registration from the store. By itself the SDK forgets
#                        over a restart when the token expires and where the token endpoint is, and wants a
#                        new login once it has expired; without --plain this host application restores both,
#                        as others do
#   --barrier PATH       use: before the refresh, makes PATH.ready.PID and waits for PATH.go
#   --processes N, --rounds N   race: as race.mjs
#   --node FILE          the node to run (node)
#   --no-javascript, --screenshots DIR, --timeout SECONDS (60)
#
# Prints {mode, tools: [name], tool, result, whoami (result, if the tool is whoami), protocol_version, server,
# client_id, scope, token_type, token_expires_in, has_refresh_token, refreshes, browser_visits,
# refresh_token_changed, access_token_changed, requests: [{method, url, status, grant_type?, authorization?,
# www_authenticate?, error?}]}, login also {authorization: {url, params}, callback: {params}, walk: as walk.mjs},
# with --then-wait {waited: {seconds, result, refreshes, browser_visits, refresh_token_changed}}; denied: {mode,
# denied: true, error, callback, walk, requests}; race prints what race.mjs prints. `use` that cannot go on
# without a person prints {login_needed: true, refreshes, requests} and exits with 3.
# Exit codes: 0 done, 1 failed, 2 usage, 3 login needed.

import argparse
import asyncio
import json
import logging
import os
import sys
import time
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

try:
    import httpx2
    from mcp import Client
    from mcp.client.auth import OAuthClientProvider
    from mcp.client.streamable_http import streamable_http_client
    from mcp.shared.auth import (
        AuthorizationCodeResult,
        OAuthClientInformationFull,
        OAuthClientMetadata,
        OAuthMetadata,
        OAuthToken,
        ProtectedResourceMetadata,
    )
except ImportError:
    from mcp1 import (
        AuthorizationCodeResult,
        Client,
        OAuthClientInformationFull,
        OAuthClientMetadata,
        OAuthClientProvider,
        OAuthMetadata,
        OAuthToken,
        ProtectedResourceMetadata,
        httpx2,
        streamable_http_client,
    )

NODE_SCRIPTS = Path(__file__).resolve().parent.parent / "node"

# What the script does now; a failure or a timeout says it.
current = "starting"


def step(what: str) -> None:
    global current
    current = what


class UsageError(Exception):
    """A mistake in the command line."""


class LoginNeeded(Exception):
    """The run cannot go on without a person in a browser."""


class Denied(Exception):
    """The answer of the authorization server is an error."""


class Store:
    """The SDK's TokenStorage: a JSON file."""

    def __init__(self, file: str, content: dict):
        self.file = file
        self.content = content

    async def get_tokens(self) -> OAuthToken | None:
        tokens = self.content.get("tokens")
        return OAuthToken.model_validate(tokens) if tokens else None

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.save(tokens=dump(tokens), saved_at=time.time())

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        client = self.content.get("client")
        return OAuthClientInformationFull.model_validate(client) if client else None

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.save(client=dump(client_info))

    def save(self, **change) -> None:
        self.content.update(change)
        # Another process may read the file at any moment.
        temporary = f"{self.file}.{os.getpid()}.tmp"
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(self.content, file, indent=2)
        os.replace(temporary, self.file)


class Wire:
    """Sees every request of the SDK, and holds the refresh at the barrier."""

    last: "Wire | None" = None

    def __init__(self, barrier: str | None = None):
        self.barrier = barrier
        self.requests: list[dict] = []
        self.refreshes = 0
        Wire.last = self

    async def on_request(self, request: httpx2.Request) -> None:
        if grant_type(request) == "refresh_token":
            self.refreshes += 1
            if self.barrier:
                barrier, self.barrier = self.barrier, None
                await pass_barrier(barrier)

    async def on_response(self, response: httpx2.Response) -> None:
        request = response.request
        seen = {"method": request.method, "url": str(request.url), "status": response.status_code}
        if kind := grant_type(request):
            seen["grant_type"] = kind
        if "authorization" in request.headers:
            seen["authorization"] = request.headers["authorization"].split(" ")[0]
        if "www-authenticate" in response.headers:
            seen["www_authenticate"] = response.headers["www-authenticate"]
        if response.status_code >= 400 and "json" in response.headers.get("content-type", ""):
            await response.aread()
            seen["error"] = parsed(response.text)
        self.requests.append(seen)


def grant_type(request: httpx2.Request) -> str | None:
    if request.headers.get("content-type") != "application/x-www-form-urlencoded":
        return None
    return dict(parse_qsl(request.content.decode())).get("grant_type")


async def pass_barrier(path: str) -> None:
    """Waits until everybody who shares the barrier is here."""
    step("waiting at the barrier")
    Path(f"{path}.ready.{os.getpid()}").touch()
    go = Path(f"{path}.go")
    while not go.exists():
        await asyncio.sleep(0.002)
    # The file says when, so that the moment does not depend on who looks first.
    at = json.loads(go.read_text())["at"] / 1000
    while time.time() < at:
        await asyncio.sleep(0)


class Callback:
    """A callback listener on a port of the system's choice."""

    def __init__(self, host: str):
        self.host = host

    async def __aenter__(self) -> "Callback":
        self.answer = asyncio.get_running_loop().create_future()
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.url = f"http://{self.host}:{self.server.sockets[0].getsockname()[1]}/callback"
        return self

    async def __aexit__(self, *_) -> None:
        self.server.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            url = urlsplit(head.decode("latin-1").split(" ")[1])
            found = url.path == "/callback"
            body = b"<!doctype html><title>Done</title><h1>You can close this window</h1>" if found else b""
            status = "200 OK" if found else "404 Not Found"
            fields = f"content-type: text/html\r\ncontent-length: {len(body)}\r\nconnection: close"
            writer.write(f"HTTP/1.1 {status}\r\n{fields}\r\n\r\n".encode() + body)
            await writer.drain()
            if found and not self.answer.done():
                self.answer.set_result(dict(parse_qsl(url.query)))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


class Person:
    """Sends a person to the browser; remembers what came of it."""

    def __init__(self, flags: argparse.Namespace, callback: Callback):
        self.flags = flags
        self.callback = callback
        self.visits = 0
        self.seen: dict = {}

    async def redirect(self, url: str) -> None:
        self.visits += 1
        params = dict(parse_qsl(urlsplit(url).query))
        self.seen["authorization"] = {"url": url, "params": params}
        if self.visits > 1:
            raise LoginNeeded("the SDK wants a second login")
        step("walking through the browser")
        flags = self.flags
        arguments = ["--url", url, "--decision", flags.decision, "--timeout", str(flags.timeout)]
        arguments += ["--username", flags.username, "--password", flags.password]
        if flags.screenshots:
            arguments += ["--screenshots", flags.screenshots]
        if flags.no_javascript:
            arguments += ["--no-javascript"]
        self.seen["walk"] = json.loads(await run_node(flags, "walk.mjs", arguments))
        step("redeeming the code")

    async def answer(self) -> AuthorizationCodeResult:
        answer = await self.callback.answer
        self.seen["callback"] = {"params": answer}
        if "error" in answer:
            raise Denied(answer["error"])
        return AuthorizationCodeResult(code=answer["code"], state=answer.get("state"), iss=answer.get("iss"))


async def run_node(flags: argparse.Namespace, script: str, arguments: list[str]) -> str:
    process = await asyncio.create_subprocess_exec(
        flags.node,
        str(NODE_SCRIPTS / script),
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.terminate()
    if process.returncode != 0:
        raise RuntimeError(f"{script} failed (exit code {process.returncode}): {err.decode().strip()}")
    return out.decode()


async def login(flags: argparse.Namespace) -> dict:
    required(flags, "mcp", "store", "username", "password")
    async with Callback(flags.redirect_host) as callback:
        kept = json.loads(Path(flags.store).read_text()) if flags.keep_tokens else {}
        store = Store(flags.store, {**kept, "mcp": flags.mcp, "redirect_uri": callback.url})
        person = Person(flags, callback)
        wire = Wire()
        provider = make_provider(store, person.redirect, person.answer)
        if flags.keep_tokens:
            restore(store, provider)
        step("connecting for the first time")
        try:
            async with connected(flags, provider, wire) as client:
                if flags.decision == "deny":
                    raise RuntimeError("denied, and yet there is a session")
                remember(store, provider)
                report = await work(flags, client, store, wire, before=dict(store.content["tokens"]))
                if flags.then_wait is not None:
                    report["waited"] = await wait_and_go_on(flags, client, store, wire, person)
        except BaseException as error:
            denied = inner(error, Denied)
            if flags.decision != "deny" or denied is None:
                raise
            return {"mode": "login", "denied": True, "error": str(denied), **person.seen, "requests": wire.requests}
    report["browser_visits"] = person.visits
    # Both may have grown since.
    report["requests"] = wire.requests
    return {**report, **person.seen}


async def wait_and_go_on(flags, client: Client, store: Store, wire: Wire, person: Person) -> dict:
    before = dict(store.content["tokens"])
    refreshes = wire.refreshes
    expires_in = before.get("expires_in")
    if expires_in is None or expires_in >= flags.then_wait:
        raise UsageError(f"--then-wait {flags.then_wait} is too short: the access token lasts {expires_in} s")
    step("waiting for the access token to expire")
    await asyncio.sleep(flags.then_wait)
    result = await call(flags, client)
    after = store.content["tokens"]
    waited = {
        "seconds": flags.then_wait,
        "result": result,
        "refreshes": wire.refreshes - refreshes,
        "browser_visits": person.visits - 1,
        "refresh_token_changed": after.get("refresh_token") != before.get("refresh_token"),
    }
    if waited["refreshes"] == 0:
        raise RuntimeError("the access token expired, but the SDK did not refresh")
    return waited


async def use(flags: argparse.Namespace) -> dict:
    required(flags, "store")
    store = Store(flags.store, json.loads(Path(flags.store).read_text()))
    flags.mcp = flags.mcp or store.content["mcp"]
    before = dict(store.content["tokens"])

    async def redirect(_: str) -> None:
        raise LoginNeeded("the SDK wants a new login")

    async def answer() -> AuthorizationCodeResult:
        raise LoginNeeded("the SDK wants a new login")

    wire = Wire(flags.barrier)
    provider = make_provider(store, redirect, answer)
    if not flags.plain:
        restore(store, provider)
    step("connecting with the stored tokens")
    try:
        async with connected(flags, provider, wire) as client:
            report = await work(flags, client, store, wire, before)
    except BaseException as error:
        needed = inner(error, LoginNeeded)
        if needed is None:
            raise
        needed.result = {"mode": "use", "refreshes": wire.refreshes, "requests": wire.requests}
        raise needed from error
    return {**report, "browser_visits": 0}


async def race(flags: argparse.Namespace) -> dict:
    required(flags, "store")
    step("racing")
    arguments = ["--client", "python", "--python", sys.executable, "--store", flags.store]
    arguments += ["--timeout", str(flags.timeout)]
    arguments += ["--processes", str(flags.processes), "--rounds", str(flags.rounds)]
    if flags.mcp:
        arguments += ["--mcp", flags.mcp]
    return json.loads(await run_node(flags, "race.mjs", arguments))


def make_provider(store: Store, redirect, answer) -> OAuthClientProvider:
    metadata = OAuthClientMetadata(
        client_name="Doorward test (Python SDK)",
        redirect_uris=[store.content["redirect_uri"]],
        grant_types=["authorization_code", "refresh_token"],
        response_types=["code"],
    )
    return OAuthClientProvider(
        server_url=store.content["mcp"],
        client_metadata=metadata,
        storage=store,
        redirect_handler=redirect,
        callback_handler=answer,
    )


def remember(store: Store, provider: OAuthClientProvider) -> None:
    """Keeps what the SDK found out and has no place for in its storage."""
    context = provider.context
    store.save(
        oauth_metadata=dump(context.oauth_metadata),
        resource_metadata=dump(context.protected_resource_metadata),
    )


def restore(store: Store, provider: OAuthClientProvider) -> None:
    """Gives it back after a restart, with the time at which the access token expires."""
    context, content = provider.context, store.content
    # The TypeScript SDK keeps the same documents in its discovery state.
    discovery = content.get("discovery", {})
    if found := content.get("oauth_metadata") or discovery.get("authorizationServerMetadata"):
        context.oauth_metadata = OAuthMetadata.model_validate(found)
    if found := content.get("resource_metadata") or discovery.get("resourceMetadata"):
        context.protected_resource_metadata = ProtectedResourceMetadata.model_validate(found)
        context.auth_server_url = str(context.protected_resource_metadata.authorization_servers[0])
    expires_in = content["tokens"].get("expires_in")
    if expires_in is not None:
        context.token_expiry_time = content["saved_at"] + expires_in


class connected:
    """A connected client of the SDK."""

    def __init__(self, flags: argparse.Namespace, provider: OAuthClientProvider, wire: Wire):
        self.http = httpx2.AsyncClient(
            auth=provider,
            timeout=httpx2.Timeout(30, read=300),
            # Everything is on loopback.
            trust_env=False,
            event_hooks={"request": [wire.on_request], "response": [wire.on_response]},
        )
        transport = streamable_http_client(flags.mcp, http_client=self.http)
        self.client = Client(transport, mode=flags.mode)

    async def __aenter__(self) -> Client:
        await self.http.__aenter__()
        try:
            return await self.client.__aenter__()
        except BaseException:
            await self.http.__aexit__(None, None, None)
            raise

    async def __aexit__(self, *error) -> None:
        try:
            await self.client.__aexit__(*error)
        finally:
            await self.http.__aexit__(*error)


async def work(flags, client: Client, store: Store, wire: Wire, before: dict) -> dict:
    """Lists the tools and calls one; reports what came of it."""
    step("listing the tools")
    tools = (await client.list_tools()).tools
    result = await call(flags, client)
    tokens = store.content["tokens"]
    server = client.server_info
    return {
        "mode": flags.command,
        "tools": [tool.name for tool in tools],
        "tool": flags.tool,
        "result": result,
        **({"whoami": result} if flags.tool == "whoami" else {}),
        "protocol_version": client.protocol_version,
        "server": dump(server) if server else None,
        "client_id": store.content["client"]["client_id"],
        "scope": tokens.get("scope"),
        "token_type": tokens["token_type"],
        "token_expires_in": tokens.get("expires_in"),
        "has_refresh_token": "refresh_token" in tokens,
        "refreshes": wire.refreshes,
        "refresh_token_changed": tokens.get("refresh_token") != before.get("refresh_token"),
        "access_token_changed": tokens["access_token"] != before["access_token"],
        "requests": wire.requests,
    }


async def call(flags: argparse.Namespace, client: Client):
    step(f"calling {flags.tool}")
    answer = await client.call_tool(flags.tool, json.loads(flags.arguments))
    if answer.structured_content is not None:
        result = answer.structured_content
    else:
        texts = [block.text for block in answer.content if block.type == "text"]
        result = parsed(texts[0] if texts else "")
    if answer.is_error:
        raise RuntimeError(f"{flags.tool} failed: {json.dumps(result)}")
    return result


def dump(model) -> dict | None:
    return None if model is None else model.model_dump(mode="json", by_alias=True, exclude_none=True)


def parsed(text: str):
    try:
        return json.loads(text)
    except ValueError:
        return text


def within(error: BaseException):
    """The exception, and all in its groups, causes and contexts."""
    pending, seen = [error], []
    while pending:
        one = pending.pop(0)
        if one is None or any(one is other for other in seen):
            continue
        seen.append(one)
        yield one
        pending += [*getattr(one, "exceptions", ()), one.__cause__, one.__context__]


def inner(error: BaseException, kind: type):
    """The exception of this kind within groups and causes."""
    return next((one for one in within(error) if isinstance(one, kind)), None)


def explain(error: BaseException) -> str:
    lines = [f"{type(one).__name__}: {one}" for one in within(error) if not isinstance(one, BaseExceptionGroup)]
    return "\n  and ".join(list(dict.fromkeys(lines))[:6])


def required(flags: argparse.Namespace, *names: str) -> None:
    missing = [f"--{name}" for name in names if getattr(flags, name) is None]
    if missing:
        raise UsageError(f"missing {', '.join(missing)}")


def arguments() -> argparse.Namespace:
    lines = Path(__file__).read_text().splitlines()
    header = "".join(f"{line[2:]}\n" for line in lines[: lines.index("")])
    parser = argparse.ArgumentParser(usage="mcp_client.py login|use|race … (see --help)", allow_abbrev=False)
    parser.format_help = lambda: header
    parser.add_argument("command", choices=["login", "use", "race"])
    for name in ("mcp", "store", "username", "password", "barrier", "screenshots"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--then-wait", type=float)
    parser.add_argument("--decision", choices=["allow", "deny"], default="allow")
    parser.add_argument("--redirect-host", default="127.0.0.1")
    parser.add_argument("--mode", default="auto")
    parser.add_argument("--tool", default="whoami")
    parser.add_argument("--arguments", default="{}")
    parser.add_argument("--keep-tokens", action="store_true")
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--node", default="node")
    parser.add_argument("--no-javascript", action="store_true")
    parser.add_argument("--timeout", type=float, default=60)
    return parser.parse_args()


async def main(flags: argparse.Namespace) -> dict:
    commands = {"login": login, "use": use, "race": race}
    async with asyncio.timeout(flags.timeout):
        return await commands[flags.command](flags)


def finish(code: int, message: str) -> None:
    print(f"mcp_client.py: {message}", file=sys.stderr, flush=True)
    sys.stdout.flush()
    # Whatever the SDK still has in the background must not keep the process.
    os._exit(code)


if __name__ == "__main__":
    flags = arguments()
    # The SDK logs every failed flow with a trace; the one message at the end is enough.
    logging.basicConfig(level=logging.DEBUG if os.environ.get("DEBUG") else logging.CRITICAL)
    try:
        result = asyncio.run(main(flags))
    except TimeoutError:
        finish(1, f"timed out after {flags.timeout:g} s while {current}")
    except BaseException as error:
        if os.environ.get("DEBUG"):
            logging.exception("failed")
        if wrong := inner(error, UsageError):
            finish(2, f"{wrong} (see --help)")
        if needed := inner(error, LoginNeeded):
            print(json.dumps({"login_needed": True, **getattr(needed, "result", {})}))
            finish(3, f"failed while {current}: {needed}")
        message = f"failed while {current}: {explain(error)}"
        if Wire.last:
            message += f"\n  last requests: {json.dumps(Wire.last.requests[-3:])}"
        finish(1, message)
    print(json.dumps(result), flush=True)

"""What the benches share: ports, the CPU time of a process, and as much of a browser as signing in needs."""

import base64
import hashlib
import html
import http.client
import json
import os
import pathlib
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


class Browser:
    """As much of a browser as signing in needs."""

    def __init__(self, port):
        self.port = port
        self.cookies = {}

    def send(self, method, url, body=None, headers=None):
        parts = urllib.parse.urlsplit(url)
        jar = self.cookies.setdefault(parts.hostname, {})
        sent = {"Host": parts.netloc, "Cookie": "; ".join(f"{k}={v}" for k, v in jar.items()), **(headers or {})}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        text = response.read().decode()
        for cookie in response.headers.get_all("Set-Cookie") or []:
            name, value = cookie.split(";")[0].split("=", 1)
            jar[name] = value
        return response.headers, text

    def get(self, url, accept="*/*"):
        return self.send("GET", url, headers={"Accept": accept})

    def post_form(self, url, form, accept="*/*"):
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": accept}
        return self.send("POST", url, urllib.parse.urlencode(form), headers)

    def follow(self, url, form=None, accept="*/*"):
        headers, text = self.post_form(url, form, accept) if form else self.get(url, accept)
        while headers.get("Location"):
            url = urllib.parse.urljoin(url, headers["Location"])
            headers, text = self.get(url, accept)
        return url, text


def fields(page):
    tags = re.findall(r"<input[^>]*>", page)
    hidden = (tag for tag in tags if 'type="hidden"' in tag)
    value = lambda tag, name: html.unescape(re.search(rf'{name}="([^"]*)"', tag).group(1))
    return {value(tag, "name"): value(tag, "value") for tag in hidden}


def credentials(port, password):
    """A bearer token and a session cookie, by the whole flows."""
    browser = Browser(port)
    app = f"http://127.0.0.1:{port}"
    login, page = browser.follow(f"{app}/", accept="text/html")
    form = fields(page)
    form.update(username="ada@example.com", password=password)
    browser.follow(urllib.parse.urljoin(login, "/.doorward/login"), form=form, accept="text/html")
    cookie = browser.cookies["127.0.0.1"]["doorward-app"]

    metadata = json.loads(browser.get(f"{app}/.well-known/oauth-authorization-server")[1])
    client = json.loads(browser.send("POST", metadata["registration_endpoint"], json.dumps({"redirect_uris": ["http://127.0.0.1:1/cb"]}), {"Content-Type": "application/json"})[1])
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = dict(response_type="code", client_id=client["client_id"], redirect_uri="http://127.0.0.1:1/cb", code_challenge=challenge, code_challenge_method="S256")
    url = metadata["authorization_endpoint"]
    page = browser.get(f"{url}?{urllib.parse.urlencode(query)}")[1]
    form = fields(page)
    form["decision"] = "allow"
    headers, _ = browser.post_form(url, form)
    code = urllib.parse.parse_qs(urllib.parse.urlsplit(headers["Location"]).query)["code"][0]
    form = dict(grant_type="authorization_code", code=code, code_verifier=verifier, client_id=client["client_id"])
    token = json.loads(browser.post_form(metadata["token_endpoint"], form)[1])["access_token"]
    return token, f"doorward-app={cookie}"


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def wait_for(port):
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"nothing listens on port {port}")


class Gateway:
    """A gateway before the plain upstream, with one app and one account."""

    PASSWORD = "gravel tulip anvil mooring"

    def __init__(self, folder):
        self.folder = folder
        self.port, self.upstream = free_ports(2)
        self.file = folder / "doorward.toml"
        self.processes = []

    def __enter__(self):
        self.start([ROOT / "target/release/upstream", f"127.0.0.1:{self.upstream}"])
        self.file.write_text(CONFIGURATION.format(port=self.port, upstream=self.upstream, folder=self.folder))
        add = [DOORWARD, "--config", self.file, "user", "add", "ada@example.com", "--json", "--password-stdin"]
        subprocess.run(add, input=self.PASSWORD, text=True, check=True, stdout=subprocess.DEVNULL)
        self.serving = self.start([DOORWARD, "--config", self.file, "serve"])
        for port in (self.upstream, self.port):
            wait_for(port)
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()

    def start(self, command):
        log = open(self.folder / "log", "ab")
        process = subprocess.Popen(command, stderr=log, env=dict(os.environ, DOORWARD_LOG="warn"))
        self.processes.append(process)
        return process

    def pid(self):
        return self.serving.pid

    def credentials(self):
        return credentials(self.port, self.PASSWORD)

    def upgrade(self):
        """Starts another that takes over; returns the one that ran so far."""
        old, self.serving = self.serving, self.start([DOORWARD, "--config", self.file, "serve", "--upgrade"])
        return old

    def reload(self):
        self.serving.send_signal(signal.SIGHUP)


DOORWARD = ROOT / "target/release/doorward"
CONFIGURATION = """
[server]
listen = ["127.0.0.1:{port}"]
admin_listen = false
limits.connections = 20000
limits.connections_per_address = 20000
limits.idle_timeout = "2h"
[auth]
url = "http://localhost:{port}"
[store]
url = "sqlite:{folder}/doorward.db"
[apps.app]
url = "http://127.0.0.1:{port}"
upstream = "http://127.0.0.1:{upstream}"
policies = [{{ action = "allow", include = [{{ email_domain = "example.com" }}] }}]
[apps.app.oauth]
enabled = true
grant.access_token_lifetime = "4h"
"""

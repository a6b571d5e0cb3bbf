"""What the benches share: ports, the CPU time of a process, and as much of a browser as signing in needs."""

import html
import http.client
import os
import pathlib
import re
import socket
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

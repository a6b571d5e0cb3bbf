# The first generation of the Python SDK, under the names that mcp_client.py knows from the second.

import httpx as httpx2
from mcp.client.auth import OAuthClientProvider
from mcp.client.session import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import (
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthMetadata,
    OAuthToken,
    ProtectedResourceMetadata,
)
from mcp.types import CallToolResult, Implementation

__all__ = [
    "AuthorizationCodeResult",
    "Client",
    "OAuthClientInformationFull",
    "OAuthClientMetadata",
    "OAuthClientProvider",
    "OAuthMetadata",
    "OAuthToken",
    "ProtectedResourceMetadata",
    "httpx2",
    "streamable_http_client",
]


def AuthorizationCodeResult(code: str, state: str | None, iss: str | None) -> tuple[str, str | None]:
    # It never looks at `iss`.
    return code, state


class Client:
    """A session over a transport."""

    def __init__(self, transport, mode: str):
        self.transport = transport

    async def __aenter__(self) -> "Client":
        read, write, _ = await self.transport.__aenter__()
        self.session = await ClientSession(read, write).__aenter__()
        answer = await self.session.initialize()
        self.protocol_version: str | int = answer.protocolVersion
        self.server_info: Implementation = answer.serverInfo
        return self

    async def __aexit__(self, *error) -> None:
        await self.session.__aexit__(*error)
        await self.transport.__aexit__(*error)

    async def list_tools(self):
        return await self.session.list_tools()

    async def call_tool(self, name: str, arguments: dict):
        answer = await self.session.call_tool(name, arguments)
        return Answer(answer)


class Answer:
    """What a tool answered."""

    def __init__(self, answer: CallToolResult):
        self.content = answer.content
        self.structured_content = answer.structuredContent
        self.is_error = answer.isError

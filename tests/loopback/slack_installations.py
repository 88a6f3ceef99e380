"""The stand-in's installations of the app: tokens and their scopes, OAuth, token rotation, uninstalling."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.loopback.slack_limits import TOKEN_S, Clock
from tests.loopback.slack_world import APP, APP_TOKEN, CLIENT_ID, CLIENT_SECRET, Enterprise, Payload, Person, Refused, Team


@dataclass
class Installation:
    """The app in a workspace, or in all workspaces of an organisation."""

    at: Team | Enterprise
    scopes: tuple[str, ...]
    person: Person
    removed: bool = False

    @property
    def org_wide(self) -> bool:
        return isinstance(self.at, Enterprise)

    @property
    def team(self) -> Team | None:
        return self.at if isinstance(self.at, Team) else None

    @property
    def enterprise(self) -> Enterprise | None:
        return self.at if isinstance(self.at, Enterprise) else self.at.enterprise

    @property
    def bot_user(self) -> str:
        return self.at.bot_user

    @property
    def bot_id(self) -> str:
        return f"B{self.at.bot_user[2:]}"

    def covers(self, team: Team) -> bool:
        return self.at in (team, team.enterprise)


@dataclass
class Token:
    installation: Installation
    expires_s: float | None = None
    revoked: bool = False


@dataclass
class Code:
    """A code of OAuth that a person's consent gave."""

    at: Team | Enterprise
    person: Person
    scopes: tuple[str, ...]
    redirect_uri: str | None
    used: bool = False


@dataclass
class Installations:
    """Checks tokens and gives new ones. `rotation`: tokens live 12 hours and are refreshed."""

    clock: Clock
    scopes: tuple[str, ...]
    rotation: bool = False
    tokens: dict[str, Token] = field(default_factory=dict)
    refresh_tokens: dict[str, Installation] = field(default_factory=dict)
    app_tokens: set[str] = field(default_factory=lambda: {APP_TOKEN})
    all: list[Installation] = field(default_factory=list)
    _codes: dict[str, Code] = field(default_factory=dict)

    def add(self, at: Team | Enterprise, person: Person, scopes: tuple[str, ...] | None = None) -> Installation:
        installed = self.of(at)
        if installed is None:
            installed = Installation(at, self.scopes if scopes is None else scopes, person)
            self.all.append(installed)
        elif scopes is not None:
            installed.scopes = scopes
        return installed

    def of(self, at: Team | Enterprise) -> Installation | None:
        """The installation that serves a workspace, or an organisation."""
        for installed in self.all:
            if not installed.removed and (installed.at == at or (isinstance(at, Team) and installed.covers(at))):
                return installed
        return None

    def authenticate(self, token: str) -> Installation:
        if not token:
            raise Refused("not_authed", breach=True)
        found = self.tokens.get(token)
        if found is None:
            error = "not_allowed_token_type" if token in self.app_tokens else "invalid_auth"
            raise Refused(error, breach=error == "not_allowed_token_type")
        if found.installation.removed:
            raise Refused("account_inactive")
        if found.revoked:
            raise Refused("token_revoked")
        if found.expires_s is not None and self.clock.now() >= found.expires_s:
            raise Refused("token_expired")
        return found.installation

    def grant(self, installed: Installation) -> Payload:
        """A new token, as oauth.v2.access answers it."""
        rotating = {}
        value = f"xoxb-{secrets.token_hex(8)}"
        expires_s = None
        if self.rotation:
            value, refresh, expires_s = f"xoxe.{value}", f"xoxe-1-{secrets.token_hex(8)}", self.clock.now() + TOKEN_S
            self.refresh_tokens[refresh] = installed
            rotating = {"refresh_token": refresh, "expires_in": TOKEN_S}
        self.tokens[value] = Token(installed, expires_s)
        team, enterprise = installed.team, installed.enterprise
        return {
            "ok": True, "app_id": APP, "authed_user": {"id": installed.person.id}, "scope": ",".join(installed.scopes),
            "token_type": "bot", "access_token": value, "bot_user_id": installed.bot_user,
            "team": {"id": team.id, "name": team.name} if team else None,
            "enterprise": {"id": enterprise.id, "name": enterprise.name} if enterprise else None,
            "is_enterprise_install": installed.org_wide, **rotating,
        }  # fmt: skip

    def consent(self, authorize_url: str, at: Team | Enterprise, person: Person, *, allow: bool) -> str:
        """What Slack does when a person allows or refuses the app: returns the address that their browser opens next."""
        address, query = (
            urlsplit(authorize_url),
            {name: value[0] for name, value in parse_qs(authorize_url.partition("?")[2]).items()},
        )
        assert address.path.endswith("/oauth/v2/authorize"), f"{authorize_url} is not the page that asks for consent"
        assert query.get("client_id") == CLIENT_ID, "client_id is not the app's"
        scopes = tuple(query.get("scope", "").split(","))
        assert set(scopes) == set(self.scopes), f"asks for {sorted(scopes)}, the app is configured for {sorted(self.scopes)}"
        assert query.get("redirect_uri"), "redirect_uri is missing, so Slack would use the first one that is configured"
        code = secrets.token_hex(8)
        if allow:
            self._codes[code] = Code(at, person, scopes, query["redirect_uri"])
        answer = {"code": code} if allow else {"error": "access_denied"}
        return f"{query['redirect_uri']}?{urlencode({**answer, 'state': query.get('state', '')})}"

    def access(self, arguments: Payload, authorization: str) -> tuple[Payload, Installation]:
        """oauth.v2.access."""
        client, secret = arguments.get("client_id"), arguments.get("client_secret")
        if authorization.startswith("Basic "):
            client, _, secret = base64.b64decode(authorization[6:]).decode().partition(":")
        if client != CLIENT_ID:
            raise Refused("invalid_client_id", breach=True)
        if secret != CLIENT_SECRET:
            raise Refused("bad_client_secret", breach=True)
        if arguments.get("grant_type") == "refresh_token":
            installed = self.refresh_tokens.pop(arguments.get("refresh_token", ""), None)
            if installed is None or installed.removed:
                raise Refused("invalid_refresh_token")
            return self.grant(installed), installed
        if arguments.get("grant_type", "authorization_code") != "authorization_code":
            raise Refused("invalid_grant_type", breach=True)
        code = self._codes.get(arguments.get("code", ""))
        if code is None or code.used:
            raise Refused("invalid_code")
        if code.redirect_uri != arguments.get("redirect_uri"):
            raise Refused("bad_redirect_uri", breach=True)
        code.used = True
        installed = self.add(code.at, code.person, code.scopes)
        return self.grant(installed), installed

    def revoke(self, installed: Installation) -> None:
        for token in self.tokens.values():
            token.revoked |= token.installation is installed
        self.refresh_tokens = {value: kept for value, kept in self.refresh_tokens.items() if kept is not installed}

    def remove(self, installed: Installation) -> None:
        self.revoke(installed)
        installed.removed = True

    def expire(self, token: str) -> None:
        self.tokens[token].expires_s = self.clock.now() - 1


def identity(installed: Installation, team: Team | None) -> dict[str, Any]:
    """The answer of auth.test."""
    enterprise = installed.enterprise
    at = team or installed.at
    return {
        "ok": True, "url": f"https://{getattr(at, 'domain', 'federation.enterprise')}.slack.com/", "team": at.name,
        "user": "tunesmith", "team_id": at.id, "user_id": installed.bot_user, "bot_id": installed.bot_id,
        "is_enterprise_install": installed.org_wide, **({"enterprise_id": enterprise.id} if enterprise else {}),
    }  # fmt: skip

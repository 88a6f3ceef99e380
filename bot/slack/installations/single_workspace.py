"""The one workspace whose token is in the settings."""

from __future__ import annotations

from slack_bolt.authorization import AuthorizeResult
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow

from bot.slack.core.clients import Clients, NotInstalled


class SingleWorkspace:
    """Knows the workspace after `start`. Events of others are refused: the token is not theirs."""

    oauth_flow: AsyncOAuthFlow | None = None

    def __init__(self, token: str) -> None:
        self._token = token
        self._identity: AuthorizeResult | None = None
        self._whole_organization = False

    async def start(self, clients: Clients) -> None:
        """Asks Slack whose token it is. Raises SlackApiError if it is refused, and errors that may pass."""
        answer = await clients.with_token(self._token).auth_test()
        self._whole_organization = bool(answer.get("is_enterprise_install"))
        self._identity = AuthorizeResult.from_auth_test_response(auth_test_response=answer, bot_token=self._token)

    async def close(self) -> None:
        pass

    async def authorize(self, enterprise_id: str | None, team_id: str | None, user_id: str | None) -> AuthorizeResult | None:
        return self._identity if self._is_ours(team_id or "", enterprise_id or "") else None

    async def token_of(self, team_id: str, enterprise_id: str) -> str:
        if not self._is_ours(team_id, enterprise_id):
            raise NotInstalled(team_id or enterprise_id)
        return self._token

    def _is_ours(self, team_id: str, enterprise_id: str) -> bool:
        if self._identity is None:
            return False
        if self._whole_organization:
            return enterprise_id == self._identity.enterprise_id
        return team_id == self._identity.team_id

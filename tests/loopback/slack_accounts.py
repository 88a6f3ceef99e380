"""The stand-in's methods about tokens, people and workspaces: auth.*, oauth.v2.access, users.info, team.info."""

from __future__ import annotations

from tests.loopback.slack_asked import Asked, Handler
from tests.loopback.slack_installations import Installation, identity
from tests.loopback.slack_state import State
from tests.loopback.slack_world import APP, CLIENT_ID, CLIENT_SECRET, SLACKBOT, TEAMS, Payload, Refused


class Accounts:
    def __init__(self, state: State) -> None:
        self.state = state

    @property
    def methods(self) -> dict[str, Handler]:
        return {
            "auth.test": self.test, "auth.revoke": self.revoke, "auth.teams.list": self.teams, "apps.uninstall": self.uninstall,
            "users.info": self.user, "team.info": self.team, "bots.info": self.bot,
        }  # fmt: skip

    async def test(self, asked: Asked) -> Payload:
        return identity(asked.installed, asked.team)

    async def revoke(self, asked: Asked) -> Payload:
        """Revokes the token. Slack uninstalls an app whose last token is gone."""
        if asked.flag("test"):
            return {"ok": True, "revoked": False}
        self.state.installations.tokens[asked.token].revoked = True
        await self.revoked(asked.installed)
        return {"ok": True, "revoked": True}

    async def revoked(self, installed: Installation) -> None:
        team = installed.team or next(team for team in TEAMS.values() if installed.covers(team))
        if "tokens_revoked" in self.state.events:
            event = {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [installed.bot_user]}, "event_ts": self.state.ts()}
            await self.state.send_event(installed, team, event)

    async def uninstall(self, asked: Asked) -> Payload:
        if (asked["client_id"], asked["client_secret"]) != (CLIENT_ID, CLIENT_SECRET):
            raise Refused("bad_client_secret", breach=True)
        await self.uninstalled(asked.installed)
        return {"ok": True}

    async def uninstalled(self, installed: Installation) -> None:
        """Removes the app. Slack sends app_uninstalled, and before or after it tokens_revoked."""
        self.state.installations.remove(installed)
        team = installed.team or next(team for team in TEAMS.values() if installed.covers(team))
        await self.revoked(installed)
        if "app_uninstalled" in self.state.events:
            await self.state.send_event(installed, team, {"type": "app_uninstalled", "event_ts": self.state.ts()})

    async def teams(self, asked: Asked) -> Payload:
        covered = [{"id": team.id, "name": team.name} for team in TEAMS.values() if asked.installed.covers(team)]
        return {"ok": True, "teams": covered, "response_metadata": {"next_cursor": ""}}

    async def user(self, asked: Asked) -> Payload:
        id = str(asked["user"])
        seen_by = asked.team or asked.installed.team or next(team for team in TEAMS.values() if asked.installed.covers(team))
        if id in (asked.installed.bot_user, SLACKBOT):
            user = {"id": id, "team_id": seen_by.id, "name": "tunesmith", "deleted": False, "is_bot": True, "is_app_user": False}
            return {"ok": True, "user": user | {"is_admin": False, "is_owner": False, "profile": {"real_name": "Tunesmith"}}}
        person = self.state.people.get(id)
        met = person is not None and (
            asked.installed.covers(person.team)
            or any(
                person.team in (c.team, *c.shared_with) and self.state.reachable(c, asked.installed)
                for c in self.state.channels.values()
            )
        )
        if person is None or not met:
            raise Refused("user_not_found")
        return {"ok": True, "user": person.info(locale=asked.flag("include_locale"), seen_by=seen_by)}

    async def team(self, asked: Asked) -> Payload:
        team = TEAMS.get(str(asked.get("team") or "")) or asked.team
        if team is None or not asked.installed.covers(team):
            raise Refused("team_not_found")
        icon = {"image_default": True}
        info = {"name": team.name, "url": f"https://{team.domain}.slack.com/", "email_domain": "", "icon": icon, **team.payload}
        return {"ok": True, "team": info}

    async def bot(self, asked: Asked) -> Payload:
        if asked.get("bot") != asked.installed.bot_id:
            raise Refused("bot_not_found")
        bot = {"id": asked.installed.bot_id, "deleted": False, "name": "Tunesmith", "updated": 1_700_000_000, "app_id": APP}
        return {"ok": True, "bot": {**bot, "user_id": asked.installed.bot_user, "icons": {}}}

"""The stand-in's threads with an agent or assistant: suggested prompts, status, titles.

Apps that were created since summer 2026 are agents (`agent_view` in the manifest): people write to them in direct messages, and
a thread begins with a message of the person. Older apps may be assistants (`assistant_view`): a thread begins with a message of
the app and the event assistant_thread_started.
"""

from __future__ import annotations

from typing import Any

from tests.loopback.slack_asked import Asked, Handler
from tests.loopback.slack_state import State
from tests.loopback.slack_world import IM, Channel, Payload, Refused

AGENT, ASSISTANT = "agent", "assistant"
PROMPTS, LOADING_MESSAGES, TITLE = 4, 10, 200


class Assistants:
    """`threads` are by channel and thread_ts; suggested prompts of an agent's direct messages have an empty thread_ts."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.threads: dict[tuple[str, str], Payload] = {}

    @property
    def methods(self) -> dict[str, Handler]:
        return {
            "assistant.threads.setStatus": self.set_status, "assistant.threads.setTitle": self.set_title,
            "assistant.threads.setSuggestedPrompts": self.set_prompts, "agents.sessions.setStatus": self.set_session,
            "agents.sessions.rename": self.rename,
        }  # fmt: skip

    def _thread(self, asked: Asked, off: str) -> Payload:
        """The thread of a call; `off` is the error where the workspace has no agents."""
        if self.state.assistant is None:
            raise Refused(off)
        channel: Channel = self.state.channel(asked.get("channel_id"), asked.installed)
        key = channel.id, str(asked.get("thread_ts") or "")
        of_agent = not key[1] and self.state.assistant == AGENT and channel.kind == IM
        if key not in self.threads and key not in self.state.messages and not of_agent:
            raise Refused("invalid_thread_ts" if key[1] else "missing_thread_ts", breach=not key[1])
        return self.threads.setdefault(key, {})

    async def set_status(self, asked: Asked) -> Payload:
        messages = asked.get("loading_messages") or []
        if not isinstance(messages, list) or len(messages) > LOADING_MESSAGES:
            raise Refused("invalid_arguments", "[ERROR] at most 10 loading_messages", breach=True)
        self._thread(asked, "feature_disabled").update(status=asked["status"], loading_messages=messages)
        return {"ok": True}

    async def set_title(self, asked: Asked) -> Payload:
        self._thread(asked, "not_agent_app")["title"] = asked["title"]
        return {"ok": True}

    async def set_prompts(self, asked: Asked) -> Payload:
        prompts: Any = asked["prompts"]
        fine = isinstance(prompts, list) and 1 <= len(prompts) <= PROMPTS
        if not fine or any(prompt.keys() != {"title", "message"} for prompt in prompts):
            raise Refused("invalid_arguments", "[ERROR] one to four prompts with title and message", breach=True)
        self._thread(asked, "not_agent_app").update(prompts=prompts, prompts_title=asked.get("title", ""))
        return {"ok": True}

    # --- sessions, the newer form of status and title
    async def set_session(self, asked: Asked) -> Payload:
        if asked["status"] not in ("active", "processing", "suspended", "closed"):
            raise Refused("invalid_status", breach=True)
        thread = self._session(asked)
        if "session" not in thread:
            thread["title"] = self._title(asked.get("title") or "New session")
        thread["session"] = asked["status"]
        return {"ok": True, "status": thread["session"], "agent_status": thread["session"], "title": thread["title"]}

    async def rename(self, asked: Asked) -> Payload:
        thread = self._session(asked)
        if "session" not in thread:
            raise Refused("session_not_found")
        thread["title"] = self._title(asked["title"])
        return {"ok": True, "title": thread["title"]}

    def _session(self, asked: Asked) -> Payload:
        if not asked.get("thread_ts"):
            raise Refused("thread_ts_required", breach=True)
        if self.state.assistant != AGENT:
            raise Refused("feature_disabled")
        return self._thread(asked, "feature_disabled")

    def _title(self, title: Any) -> str:
        if not isinstance(title, str) or not 1 <= len(title) <= TITLE:
            raise Refused("invalid_name", "[ERROR] a title has 1 to 200 characters", breach=True)
        return title

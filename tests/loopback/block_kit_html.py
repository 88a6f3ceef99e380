"""Block Kit as HTML: roughly what a person sees in Slack, for looking at messages and views."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.loopback.slack_world import Payload

STYLE = (Path(__file__).parent / "block_kit.css").read_text("utf-8")


def page(content: str) -> str:
    return f'<!doctype html><meta charset="utf-8"><style>{STYLE}</style><body>{content}</body>'


class Drawing:
    """`read` returns the bytes of a file by its id; `names` are those of people and channels."""

    def __init__(self, read: Callable[[str], bytes], names: Mapping[str, str], now: str = "10:24") -> None:
        self._read, self._names, self._now = read, names, now

    def message(self, message: Payload) -> str:
        only = '<div class="only">👁 Only visible to you</div>' if "ephemeral_to" in message else ""
        person = "bot_id" not in message
        name = self._names.get(message["user"], message["user"]) if person else "Tunesmith"
        blocks = message.get("blocks") or [{"type": "section", "text": {"type": "mrkdwn", "text": message["text"]}}]
        files = "".join(map(self._file, message.get("files", [])))
        shown = "".join(self.block(block) for unfurled in message.get("attachments", []) for block in unfurled["blocks"])
        app = "" if person else ' <span class="app">APP</span>'
        return (
            f'<div class="message"><div class="face">{html.escape(name[0])}</div><div class="body">{only}'
            f'<div class="who">{html.escape(name)}{app} <small>{self._now}</small></div>'
            f'{"".join(map(self.block, blocks))}<div class="files">{files}</div>'
            f'{f"""<div class="video">{shown}</div>""" if shown else ""}</div></div>'
        )

    def view(self, view: Payload) -> str:
        inside = "".join(map(self.block, view["blocks"]))
        if view["type"] == "home":
            return f'<div class="home">{inside}</div>'
        submit = f'<span class="button primary">{self._text(view["submit"])}</span>' if view.get("submit") else ""
        close = f'<span class="button">{self._text(view["close"])}</span>' if view.get("close") else ""
        title = f'<div class="bar"><span>{self._text(view["title"])}</span><span>✕</span></div>'
        return f'<div class="modal">{title}<div class="inside">{inside}</div><div class="foot">{close}{submit}</div></div>'

    def block(self, block: Payload) -> str:
        draw = getattr(self, f"_{block['type']}", None)
        inside = draw(block) if draw else f"<pre>{html.escape(block['type'])}</pre>"
        return f'<div class="block {block["type"]}">{inside}</div>'

    # --- blocks
    def _section(self, block: Payload) -> str:
        text = f"<div>{self._text(block['text'])}</div>" if "text" in block else ""
        fields = "".join(f"<div>{self._text(field)}</div>" for field in block.get("fields", []))
        accessory = f"<div>{self._element(block['accessory'])}</div>" if "accessory" in block else ""
        return f"{text}{f'<div class=fields>{fields}</div>' if fields else ''}{accessory}"

    def _header(self, block: Payload) -> str:
        return self._text(block["text"])

    def _divider(self, block: Payload) -> str:
        return "<hr>"

    def _context(self, block: Payload) -> str:
        return " ".join(self._text(element) for element in block["elements"])

    def _rich_text(self, block: Payload) -> str:
        return html.escape(str(block["elements"][0]["elements"][0].get("text", "")))

    def _actions(self, block: Payload) -> str:
        return "".join(map(self._element, block["elements"]))

    def _image(self, block: Payload) -> str:
        return self._picture(block.get("slack_file", {}).get("id", ""), block.get("image_url", ""), block["alt_text"])

    def _video(self, block: Payload) -> str:
        title = f"<a>{self._text(block['title'])}</a><br>{self._text(block['description'])}"
        return f"<small>{html.escape(block['provider_name'])}</small><br>{title}<br>▶ {html.escape(block['video_url'])}"

    def _input(self, block: Payload) -> str:
        optional = " <small>(optional)</small>" if block.get("optional") else ""
        hint = f'<div class="hint">{self._text(block["hint"])}</div>' if "hint" in block else ""
        return f"<label>{self._text(block['label'])}{optional}</label>{self._element(block['element'])}{hint}"

    # --- elements
    def _element(self, element: Payload) -> str:
        kind = element["type"]
        if kind == "button":
            return f'<span class="button {element.get("style", "")}">{self._text(element["text"])}</span>'
        if kind == "plain_text_input":
            many = " many" if element.get("multiline") else ""
            return f'<div class="field{many}">{self._value(element.get("initial_value"), element)}</div>'
        if kind in ("checkboxes", "radio_buttons"):
            chosen = [
                option["value"] for option in element.get("initial_options", [element.get("initial_option") or {"value": ""}])
            ]
            mark = "☑" if kind == "checkboxes" else "◉"
            return "<br>".join(f"{mark if o['value'] in chosen else '☐'} {self._text(o['text'])}" for o in element["options"])
        if kind == "image":
            return self._picture("", element.get("image_url", ""), element["alt_text"])
        option: Payload | None = element.get("initial_option")
        shown = self._text(option["text"]) if option else self._value(element.get("initial_conversation"), element)
        return f'<span class="select">{shown} ▾</span>'

    def _value(self, value: Any, element: Payload) -> str:
        if value:
            return html.escape(str(value))
        placeholder = element.get("placeholder", {}).get("text", "")
        return f'<span class="empty">{html.escape(placeholder)}</span>'

    # --- texts and files
    def _text(self, text: Payload) -> str:
        return self._mrkdwn(text["text"]) if text["type"] == "mrkdwn" else html.escape(text["text"])

    def _mrkdwn(self, text: str) -> str:
        parts = re.split(r"```(.*?)```", text, flags=re.DOTALL)
        return "".join(f"<pre>{part}</pre>" if index % 2 else self._inline(part) for index, part in enumerate(parts))

    def _inline(self, text: str) -> str:
        text = re.sub(r"<([^<>]+)>", self._link, text)
        for mark, tag in (("*", "b"), ("_", "i"), ("~", "s"), ("`", "code")):
            text = re.sub(
                rf"(?<![\w{re.escape(mark)}]){re.escape(mark)}(\S.*?)(?<=\S){re.escape(mark)}(?!\w)", rf"<{tag}>\1</{tag}>", text
            )
        return text.strip("\n").replace("\n", "<br>")

    def _link(self, found: re.Match[str]) -> str:
        target, _, words = found[1].partition("|")
        if target.startswith(("@", "#")):
            return f'<span class="mention">{target[0]}{html.escape(self._names.get(target[1:], target[1:]))}</span>'
        if target.startswith("!date"):
            return html.escape(words)
        if target.startswith("!"):
            return f'<span class="mention shout">@{html.escape(target[1:])}</span>'
        return f"<a>{words or target}</a>"

    def _picture(self, file_id: str, url: str, alt_text: str) -> str:
        source = f"data:image/png;base64,{base64.b64encode(self._read(file_id or url)).decode()}"
        return f'<div class="picture"><img src="{source}"><div class="alt">alt: {html.escape(alt_text)}</div></div>'

    def _file(self, file: Payload) -> str:
        if file["mode"] == "tombstone":
            return '<div class="file">This file was deleted.</div>'
        if file["filetype"] == "png":
            return self._picture(file["id"], "", file.get("alt_txt", "none"))
        player = "▶ ━━━━━━━━━━ 0:31" if file["filetype"] == "mp3" else ""
        title, kind = html.escape(file["title"]), html.escape(file["pretty_type"])
        return f'<div class="file"><b>{title}</b><small>{kind}</small>{player}</div>'

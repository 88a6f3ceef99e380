"""The last message seen in each conversation."""

from storage import Storage, Viewer
from storage.last_seen import Conversation

SERVER = Conversation(community_id="200")
FIDDLER = Conversation(channel_id="320", user_id="400")
PIPER = Conversation(channel_id="321", user_id="401")


async def test_a_mark_only_moves_forward(storage: Storage) -> None:
    await storage.last_seen.store("discord", {SERVER: 10, FIDDLER: 20})
    await storage.last_seen.store("discord", {SERVER: 9, FIDDLER: 21})
    assert await storage.last_seen.marks("discord") == {SERVER: 10, FIDDLER: 21}
    assert await storage.last_seen.marks("slack") == {}


async def test_old_direct_messages_are_forgotten_and_servers_are_not(storage: Storage) -> None:
    await storage.last_seen.store("discord", {SERVER: 10, FIDDLER: 20, PIPER: 30})
    await storage.last_seen.forget_direct_before("discord", 30)
    assert await storage.last_seen.marks("discord") == {SERVER: 10, PIPER: 30}
    await storage.last_seen.forget("discord", SERVER)
    assert await storage.last_seen.marks("discord") == {PIPER: 30}


async def test_erasing_a_user_erases_the_mark_in_their_direct_messages(storage: Storage) -> None:
    await storage.last_seen.store("discord", {SERVER: 10, FIDDLER: 20, PIPER: 30})
    await storage.privacy.erase(Viewer("discord", "400"))
    assert await storage.last_seen.marks("discord") == {SERVER: 10, PIPER: 30}

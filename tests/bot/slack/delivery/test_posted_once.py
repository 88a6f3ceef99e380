"""A tune is posted once, also after restarts, and if Slack tells late or never which message has its files."""

from __future__ import annotations

import pytest

from bot.slack.core import limits
from bot.slack.core.reply import reply_of
from tests.bot.slack.conftest import Stage
from tests.loopback.slack import DIRECT
from tests.storage.examples import execute


async def reached(stage: Stage, method: str) -> None:
    await stage.slack.until(lambda: method in stage.slack.calls_of)


async def test_a_tune_that_was_finished_while_the_app_was_down_is_posted_once(stage: Stage) -> None:
    tune = await stage.requested()
    await stage.card(tune.id)
    await stage.stop_app()
    await stage.compose(tune.id)
    assert stage.slack.tunes() == []
    await stage.start_app()
    await stage.delivered(tune.id)
    await stage.restart()
    await stage.idle()
    assert stage.slack.messages_in() == stage.slack.tunes()
    assert len(stage.slack.tunes()) == 1


@pytest.mark.parametrize("after", [False, True], ids=["before it takes effect", "after it took effect"])
@pytest.mark.parametrize(
    "call", ["files.getUploadURLExternal", "upload", "files.completeUploadExternal", "files.info", "chat.delete"]
)
async def test_an_app_that_is_stopped_in_the_middle_leaves_it_to_the_next(stage: Stage, call: str, after: bool) -> None:
    tune = await stage.requested()
    await stage.card(tune.id)
    release = stage.slack.hold(f"^{call}$", after=after)
    await stage.compose(tune.id)
    await reached(stage, call)
    await stage.slack.until(lambda: not stage.slack.faults_left)
    await stage.stop_app()
    release.set()
    await stage.start_app()
    await stage.delivered(tune.id)
    assert stage.slack.messages_in() == stage.slack.tunes()
    assert len(stage.slack.tunes()) == 1
    stage.slack.assert_rules_kept(limited=True)


async def test_files_that_slack_discarded_are_uploaded_again(stage: Stage) -> None:
    slack = stage.slack
    tune = await stage.requested()
    release = slack.hold("files.completeUploadExternal")
    await stage.compose(tune.id)
    await reached(stage, "files.completeUploadExternal")
    await stage.stop_app()
    for file in slack.files.all.values():
        file.content = None  # nobody completed them for a long time
    release.set()
    await stage.start_app()
    await stage.delivered(tune.id)
    assert len(slack.tunes()) == 1
    assert slack.calls_of["files.getUploadURLExternal"] == 6


async def test_the_files_are_not_uploaded_again_by_the_next_attempt(stage: Stage) -> None:
    stage.slack.refuse("files.completeUploadExternal", status=503, times=3)
    tune = await stage.requested()
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    assert len(stage.slack.tunes()) == 1
    assert stage.slack.calls_of["files.getUploadURLExternal"] == 3


@pytest.mark.parametrize("shares_after_s", [1.0, None])
async def test_a_message_that_slack_tells_late_or_never_is_posted_once(
    stage: Stage, shares_after_s: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SHARES_S", 0.2)
    stage.slack.files.shares_after_s = shares_after_s
    tune = await stage.requested()
    await stage.compose(tune.id)
    assert (await stage.delivered(tune.id)).startswith("F")
    await stage.restart()
    await stage.idle()
    assert len(await stage.slack.posted()) == 1


@pytest.mark.parametrize("known", [True, False], ids=["Slack knows files before they are in a message", "it does not"])
async def test_after_a_death_before_the_post_the_tune_is_posted(
    stage: Stage, known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack does not say whether files.info finds files that were only uploaded."""
    monkeypatch.setattr(limits, "SHARES_S", 0.2)
    stage.slack.files.shows_uploads = known
    tune = await stage.requested()
    release = stage.slack.hold("files.completeUploadExternal")
    await stage.compose(tune.id)
    await reached(stage, "files.completeUploadExternal")
    await stage.stop_app()
    assert (reply := reply_of(await stage.tune(tune.id))) and len(reply.file_ids) == 3
    release.set()
    await stage.start_app()
    await stage.delivered(tune.id)
    assert len(await stage.slack.posted()) == 1


@pytest.mark.parametrize("known", [True, False], ids=["Slack knows files before they are in a message", "it does not"])
async def test_after_a_death_after_the_post_the_tune_is_not_posted_again_though_slack_does_not_tell_the_message(
    stage: Stage, known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SHARES_S", 0.2)
    stage.slack.files.shows_uploads, stage.slack.files.shares_after_s = known, None
    tune = await stage.requested()
    release = stage.slack.hold("files.completeUploadExternal", after=True)
    await stage.compose(tune.id)
    await stage.slack.posted()
    await stage.stop_app()
    release.set()
    await stage.start_app()
    await stage.delivered(tune.id)
    await stage.restart()
    await stage.idle()
    assert len(await stage.slack.posted()) == 1
    assert stage.slack.tunes(DIRECT) == []


# --- the app loses its access
async def test_a_token_that_is_revoked_in_the_middle_ends_the_delivery(stage: Stage) -> None:
    tune = await stage.requested()
    await stage.card(tune.id)
    release = stage.slack.hold("upload")
    await stage.compose(tune.id)
    await reached(stage, "upload")
    await stage.slack.revoke_tokens()
    release.set()
    await stage.idle()
    assert (await stage.tune(tune.id)).message_id is None
    assert stage.slack.tunes() == []


async def test_a_tune_of_a_workspace_that_removed_the_app_is_given_up(stage: Stage) -> None:
    tune = await stage.requested()
    await stage.card(tune.id)
    await stage.slack.uninstall()
    await stage.compose(tune.id)
    await stage.idle()
    assert (await stage.tune(tune.id)).message_id is None


# --- two processes
@pytest.fixture
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.core.deliveries.LOOK_FOR_TUNES_S", 0.2)


async def test_two_processes_post_each_tune_once(looks_often: None, stage: Stage, other: Stage) -> None:
    tunes = [await each.requested() for each in (stage, other, stage)]
    for tune in tunes:
        await stage.compose(tune.id)
    for tune in tunes:
        await stage.delivered(tune.id)
    assert len(stage.slack.tunes()) == 3
    assert stage.slack.messages_in() == stage.slack.tunes()


async def test_what_a_process_leaves_is_delivered_by_the_other(looks_often: None, stage: Stage, other: Stage) -> None:
    tune = await stage.requested()
    card = await stage.card(tune.id)
    await stage.stop_app()
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    [message] = stage.slack.messages_in()
    assert message != card


async def test_a_process_that_starts_soon_after_another_one_died_delivers_what_that_left(
    stage: Stage, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.core.deliveries.LOOK_AGAIN_S", 0.2)
    tune = await stage.requested()
    await stage.card(tune.id)
    await stage.stop_app()
    # The leases of the dead last a little.
    execute(url, "INSERT INTO lease_holders VALUES ('dead', now() + interval '3 seconds')")
    execute(url, f"INSERT INTO leases VALUES ('deliver {tune.id}', 'dead')")
    await stage.compose(tune.id)
    await stage.start_app()
    await stage.delivered(tune.id)
    assert len(stage.slack.tunes()) == 1


async def test_a_process_that_loses_its_lease_stops_and_the_tune_is_posted_once(
    looks_often: None, stage: Stage, other: Stage, url: str
) -> None:
    slack = stage.slack
    tune = await stage.requested()
    await stage.card(tune.id)
    release = slack.hold("files.completeUploadExternal")
    await stage.compose(tune.id)
    await reached(stage, "files.completeUploadExternal")
    execute(url, "DELETE FROM lease_holders")  # as another process does that takes it for dead
    await stage.delivered(tune.id)
    release.set()
    await stage.idle()
    assert slack.messages_in() == slack.tunes()
    assert len(slack.tunes()) == 1

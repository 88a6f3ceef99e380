from bot.core.recent import Recent


def test_the_entry_that_was_set_first_is_forgotten() -> None:
    recent: Recent[str, int] = Recent(2)
    recent["a"], recent["b"] = 1, 2
    recent["a"] = 3  # the newest now
    recent["c"] = 4

    assert dict(recent) == {"a": 3, "c": 4}

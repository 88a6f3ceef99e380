"""A real Chromium for tests of the web page, which fails a test if a script or the console reports an error."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.patience import HANG_S

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Chromium loads 400 files of its own for the address bar of each new window, which takes a second of both processors here.
    # The other features are those that Playwright turns off: only the last list counts.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,AimEnabled,AvoidUnnecessaryBeforeUnloadCheckSync,"
    "DestroyProfileOnBrowserClose,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,LensOverlay,MediaRouter,PaintHolding,"
    "ThirdPartyStoragePartitioning,AvoidCorsURLLoaderRestartOnRedirect,OptimizationHints,NetworkTimeServiceQuerying,PreconnectToSearch",
]


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    """Starts Chromium; skips the test if no browser is installed."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip(f"no browser on PATH: install one of {', '.join(PROGRAMS)}")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=ARGUMENTS, timeout=1_000 * HANG_S)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def open_page(browser: Browser, base_url: str, *, expected: str | None = None, **options: Any) -> AsyncIterator[Page]:
    """A page with its own cookies. At the end it fails if a script or the console reported an error without `expected` in it."""
    complaints: list[str] = []
    context = await browser.new_context(base_url=base_url, **options)
    page = await context.new_page()
    page.set_default_timeout(1_000 * HANG_S)
    expect.set_options(timeout=1_000 * HANG_S)
    page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    try:
        yield page
    finally:
        await context.close()
    assert [complaint for complaint in complaints if expected is None or expected not in complaint] == []

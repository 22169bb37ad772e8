"""The workbench as an annotator's hands have it."""

from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, expect

WAIT_MS = 60_000
PASSWORD = "correct horse battery"


class WorkbenchPage:
    """One annotator at one open workbench."""

    def __init__(self, context: BrowserContext, address: str, slug: str) -> None:
        self.context = context
        self.address = address
        self.slug = slug
        self.page: Page = context.new_page()
        self.page.set_default_timeout(WAIT_MS)
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def another_tab(self, *, open_study: bool = True) -> "WorkbenchPage":
        """Open the same study in another tab of the same browser."""
        tab = WorkbenchPage(self.context, self.address, self.slug)
        if open_study:
            tab.page.goto(f"{self.address}/w/{self.slug}/")
        return tab

    def read_codes(self) -> None:
        """From now on, note at every paint which frames the canvases themselves show, in `codes`."""
        reader = (Path(__file__).parent / "pages/frame_code.js").read_text().replace("export ", "")
        self.page.evaluate(
            f"""() => {{
              {reader}
              const {{ player }} = workbench;
              const canvas = (side) => document.querySelector(`[data-canvas=${{side}}]`);
              const read = (side) => readFrameCode(canvas(side), player.facts(side));
              globalThis.codes = [];
              player.addEventListener("paint", (event) => {{
                codes.push({{ left: read("left"), right: read("right"), index: event.detail.left }});
              }});
            }}"""
        )

    def log_in(self, username: str, password: str) -> None:
        self.page.goto(f"{self.address}/login/?next=/w/{self.slug}/")
        expect(self.page.locator("[name=username]")).to_be_focused(timeout=WAIT_MS)
        self.page.keyboard.type(username)
        self.page.keyboard.press("Tab")
        self.page.keyboard.type(password)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(lambda url: "/login/" not in url)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    @property
    def token(self) -> str | None:
        return self.page.evaluate("globalThis.workbench?.pair?.payload.slot.token ?? null")

    def wait_for_pair(self, after: str | None = None) -> str:
        """Wait until a pair other than `after` is painted; return its token."""
        self.page.wait_for_function(
            """(after) => {
              const { pair, player } = globalThis.workbench ?? {};
              const isNew = pair && pair.payload.slot.token !== after;
              return isNew && player.painted && !document.querySelector("dialog[open]");
            }""",
            arg=after,
        )
        token = self.token
        assert token is not None
        return token

    def submit(self) -> str:
        """Press Enter and wait for the next pair; return its token."""
        before = self.token
        self.press("Enter")
        return self.wait_for_pair(after=before)

    def wait_saved(self, text: str = "saved") -> None:
        expect(self.page.locator("[data-saved]")).to_have_text(text, timeout=WAIT_MS)

    def painted(self) -> dict[str, Any]:
        return self.page.evaluate("({ ...workbench.player.painted })")

    def state(self) -> str:
        return self.page.locator("#workbench").get_attribute("data-state") or ""

"""The simulator's control port, answering for the phones of a `QuickEngine`; tests/e2e drives the real one."""

from typing import Any

from aiohttp import web

from tests.contract.api.quick_engine import QuickEngine

KEY = "sandbox-key"


class ControlPort:
    """Lets the engine's newest connections be scanned, paired and unlinked."""

    def __init__(self, engine: QuickEngine) -> None:
        self._engine = engine

    def application(self) -> web.Application:
        """Return the port as a web application."""
        application = web.Application()
        application.router.add_post("/control/{part}/{action}", self._answer)
        return application

    async def _answer(self, request: web.Request) -> web.Response:
        assert request.headers["x-sandbox-key"] == KEY
        body = await request.json()
        refusal = await self._done(request.match_info["action"], body)
        if refusal is not None:
            return web.json_response({"code": "refused", "message": refusal}, status=410)
        return web.json_response({"device": "x", "id": "y", "devices": 1})

    async def _done(self, action: str, body: dict[str, Any]) -> str | None:
        newest = list(reversed(self._engine.connections))
        number = body.get("number", "")
        if action == "scan":
            shown = [each for each in newest if each.code == body["qr"]]
        elif action == "pair":
            shown = [each for each in newest if each.pairing == (number, body["code"])]
        elif action == "unlink":
            for each in newest:
                if each.linked == number:
                    each.unlink()
            return None
        else:
            return None
        if not shown:
            return "That code is wrong, was used or is not waited for any more."
        await shown[0].link(number)
        return None

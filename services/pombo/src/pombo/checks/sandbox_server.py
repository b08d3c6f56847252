"""The simulator of POMBO_SANDBOX_URL: reachable, and its key."""

import aiohttp

from pombo.checks.finding import Finding, fail, ok, shown_address

CHECK = "sandbox server"
PROBE_SECONDS = 5.0
OK, FORBIDDEN = 200, (401, 403)


async def check_sandbox(url: str, key: str | None) -> Finding:
    """Ask the control port, with the key, for its health."""
    where = shown_address(url)
    timeout = aiohttp.ClientTimeout(total=PROBE_SECONDS)
    headers = {"x-sandbox-key": key} if key else {}
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, headers=headers) as session,
            session.get(f"{url.rstrip('/')}/control/devices") as answer,
        ):
            status = answer.status
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        why = f"{where} cannot be reached ({type(error).__name__})"
        return fail(CHECK, why, "check POMBO_SANDBOX_URL, and that `pombo sandbox` runs there")
    if status in FORBIDDEN:
        return fail(CHECK, f"{where} refuses the key", "set POMBO_SANDBOX_KEY to the one that `pombo sandbox` has")
    if status != OK:
        return fail(CHECK, f"{where} answers {status}", "check POMBO_SANDBOX_URL: it is no Pombo sandbox")
    return ok(CHECK, f"answers at {where}")

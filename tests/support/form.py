"""A form that is written out here: HTTP clients guess the types of its parts."""

from collections.abc import Mapping
from typing import NamedTuple

import httpx

from tests.support.deployment import Deployment

EDGE = "edge"
ANSWER_SECONDS = 60.0


class Part(NamedTuple):
    """The part `file` of a form, with one header beside its name."""

    name: str
    header: str
    content: bytes


async def post_form(deployment: Deployment, path: str, fields: Mapping[str, str], part: Part) -> httpx.Response:
    """Post these texts and this file with the global key.

    Raises:
        httpx.TransportError: the API is not there, or went away.
    """
    disposition = f"--{EDGE}\r\nContent-Disposition: form-data"
    texts = [f'{disposition}; name="{name}"\r\n\r\n{text}\r\n' for name, text in fields.items()]
    head = f'{disposition}; name="file"; filename="{part.name}"\r\n{part.header}\r\n\r\n'
    async with httpx.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False) as http:
        return await http.post(
            deployment.address + path,
            headers={"apikey": deployment.key, "content-type": f"multipart/form-data; boundary={EDGE}"},
            content=("".join(texts) + head).encode() + part.content + f"\r\n--{EDGE}--\r\n".encode(),
        )

"""Sending commands over HTTP to the door of their owner."""

import json
from typing import Any, Final

import httpx
from pydantic import ValidationError

from casebus_cli.client import bearer
from casebus_cli.errors import CliError
from casebus_cli.orders import Order, structured
from casebus_cli.stack import Stack
from casebus_contracts.receipts import Receipt

TIMEOUT_SECONDS: Final = 30.0


async def post(stack: Stack, order: Order, sender: str = "guest") -> tuple[int, Any]:
    """Post one command; return the status and the JSON answer (None when there is none)."""
    headers = {
        "content-type": "application/cloudevents+json",
        "authorization": f"Bearer {bearer(stack, sender, order.actor)}",
    }
    content = json.dumps(structured(order, sender), ensure_ascii=False).encode()
    address = f"{stack.door(order.owner)}/v1/commands"
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            answer = await client.post(address, content=content, headers=headers)
    except httpx.TransportError as error:
        raise CliError(f"{address} does not answer: {type(error).__name__}.") from None
    return answer.status_code, _json(answer)


async def ask(stack: Stack, order: Order, sender: str = "guest") -> Receipt:
    """Post one command and return its receipt. Raises `CliError` when the answer is none."""
    status, body = await post(stack, order, sender)
    try:
        return Receipt.model_validate(body)
    except ValidationError:
        raise CliError(f"The door of {order.owner} answered {status} without a receipt.") from None


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None

"""`make chat`: a patient's chat in the terminal, through the same door as everybody's."""

from __future__ import annotations

import asyncio
import sys
import uuid
from typing import Any

import socketio

# The page waits for an answer as long; the door gives one within 8 s.
PATIENCE = 12.0


def button_pressed(typed: str, buttons: list[dict[str, str]]) -> str:
    """What a typed line sends: the payload of the button with that number, or the line itself."""
    if typed.isdecimal() and 1 <= int(typed) <= len(buttons):
        return buttons[int(typed) - 1]["payload"]
    return typed


async def chat(port: int, session: str) -> int:
    """Talks until the end of input; gives the exit status."""
    client = socketio.AsyncClient()
    confirmed: asyncio.Queue[str] = asyncio.Queue()
    answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    client.on("session_confirm", confirmed.put)
    client.on("bot_uttered", answers.put)
    try:
        await client.connect(f"http://localhost:{port}")
    except socketio.exceptions.ConnectionError:
        print("Nobody answers: start `make run` in another terminal first.", file=sys.stderr)
        return 1
    await client.emit("session_request", {"session_id": session or None})
    session = await asyncio.wait_for(confirmed.get(), PATIENCE)
    print("Type your question; a number presses a button; Ctrl-D ends.")
    buttons: list[dict[str, str]] = []
    while line := await asyncio.to_thread(_read_line):
        message = button_pressed(line.strip(), buttons)
        await client.emit(
            "user_uttered",
            {"message": message, "session_id": session, "metadata": {"id": uuid.uuid4().hex}},
        )
        buttons = await _show_answers(answers)
    await client.disconnect()
    return 0


async def _show_answers(answers: asyncio.Queue[dict[str, Any]]) -> list[dict[str, str]]:
    """Prints a turn's messages and gives the buttons that a number may press now."""
    buttons: list[dict[str, str]] = []
    patience = PATIENCE
    while True:
        try:
            answer = await asyncio.wait_for(answers.get(), patience)
        except asyncio.TimeoutError:
            return buttons
        print(f"\n{answer['text']}")
        buttons = answer.get("quick_replies", [])
        for number, button in enumerate(buttons, 1):
            print(f"  {number}. {button['title']}")
        print()
        patience = 0.3


def _read_line() -> str:
    try:
        return input("> ") or " "
    except EOFError:
        return ""

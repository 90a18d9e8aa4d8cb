"""The way of a command from its view to the row stays short, and services know no requests."""

import ast
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from chat.streaming.job import PreparedTurn
from chat.streaming.run_manager import runs
from tests.support.factories import said

ROOT = Path(__file__).resolve().parents[3]
MAX_LINES = 10


def trees(folder: str) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((ROOT / folder).rglob("*.py")):
        yield path, ast.parse(path.read_text())


def handlers() -> Iterator[ast.AsyncFunctionDef]:
    for _, tree in trees("chat/views"):
        for node in tree.body:
            if isinstance(node, ast.AsyncFunctionDef) and {"page", "command"} & decorators(node):
                yield node


def decorators(node: ast.AsyncFunctionDef) -> set[str]:
    return {item.id for item in node.decorator_list if isinstance(item, ast.Name)}


def test_a_view_has_at_most_ten_lines_and_no_function_inside() -> None:
    nodes = list(handlers())
    assert len(nodes) >= 20
    for node in nodes:
        body = node.body[1:] if ast.get_docstring(node) else node.body
        assert body[-1].end_lineno is not None
        assert body[-1].end_lineno - body[0].lineno < MAX_LINES, node.name
        for inner in ast.walk(node):
            is_function = isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            assert inner is node or not is_function, node.name


@pytest.mark.parametrize("folder", ["chat/services", "chat/selectors"])
def test_services_and_selectors_know_no_requests_and_no_event_loop(folder: str) -> None:
    for path, tree in trees(folder):
        for node in ast.walk(tree):
            assert not isinstance(node, (ast.AsyncFunctionDef, ast.Await)), path
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                assert not name.startswith(("django.http", "asgiref", "asyncio")), path


@pytest.mark.django_db
def test_a_question_is_inserted_by_four_functions_below_its_view(
    owner: User, owner_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They run on the database thread; `run_turn` is the one between them and the view."""
    conversation = said(owner)
    stacks: list[list[str]] = []
    started: list[PreparedTurn] = []
    monkeypatch.setattr(runs, "start", started.append)

    def record(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if 'INSERT INTO "chat_message"' in sql:
            stacks.append(own_functions())
        return execute(sql, *rest)

    with connection.execute_wrapper(record):
        fields = {"client_id": str(uuid4()), "text": "More?"}
        response = owner_client.post(f"/c/{conversation.pk}/send/", fields)
    assert response.status_code == 302
    assert stacks == [["write_turn", "send", "insert_turn", "execute_together"]]
    assert [prepared.turn.answer.text for prepared in started] == [""]


def own_functions() -> list[str]:
    """The functions of the chat and the core that are being called, the outermost first."""
    folders = (f"{ROOT}/chat/", f"{ROOT}/core/")
    return [frame.name for frame in traceback.extract_stack() if frame.filename.startswith(folders)]

"""Nothing private reaches a log line."""

import logging
import sys

import pytest

from core.logging import FailureLogger, SafeFormatter

SECRET = "hf_SECRET and what Ada wrote"


class UpstreamError(Exception):
    pass


def ask_upstream(prompt: str) -> None:
    raise UpstreamError(prompt)


def line_of(work: object = None) -> str:
    formatter = SafeFormatter("{levelname} {name} {message}", style="{")
    try:
        try:
            ask_upstream(SECRET)
        except UpstreamError as problem:
            raise RuntimeError(f"again {SECRET}") from problem
    except RuntimeError:
        record = logging.LogRecord(
            "chat", logging.ERROR, __file__, 1, "run %s failed", ("7",), sys.exc_info()
        )
    return formatter.format(record)


def test_an_exception_is_its_type_and_frames_without_its_text() -> None:
    line = line_of()
    assert line.startswith("ERROR chat run 7 failed\nRuntimeError < ")
    assert "test_logs.py" in line
    assert "line_of" in line
    assert SECRET not in line
    assert "raise" not in line


def test_the_formatter_is_the_one_of_every_handler(settings: object) -> None:
    handlers = [
        handler
        for name in ("", "django", "chat", "django.server")
        for handler in logging.getLogger(name).handlers
        if type(handler) is logging.StreamHandler
    ]
    assert handlers
    for handler in handlers:
        assert isinstance(handler.formatter, SafeFormatter)


def test_what_fails_again_and_again_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("tests.trouble")
    trouble = FailureLogger(log, "saving", (OSError,))
    trouble.record_success()
    for problem in (OSError(SECRET), OSError(SECRET), ValueError(SECRET), ValueError(SECRET)):
        trouble.record_failure(problem)
    trouble.record_success()
    trouble.record_success()
    trouble.record_failure(OSError(SECRET))
    said = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert said == [
        ("WARNING", "saving failed: OSError"),
        ("ERROR", "saving failed: ValueError"),
        ("WARNING", "saving works again after 4 failures"),
        ("WARNING", "saving failed: OSError"),
    ]


def test_what_is_not_expected_is_said_with_its_frames(caplog: pytest.LogCaptureFixture) -> None:
    trouble = FailureLogger(logging.getLogger("tests.trouble"), "saving", (OSError,))
    try:
        ask_upstream(SECRET)
    except UpstreamError as problem:
        trouble.record_failure(problem)
    line = SafeFormatter("{message}", style="{").format(caplog.records[0])
    assert line.startswith("saving failed: UpstreamError\nUpstreamError < ")
    assert "ask_upstream" in line
    assert SECRET not in line


def test_an_exception_without_a_trace() -> None:
    assert SafeFormatter().formatException((ValueError, ValueError(SECRET), None)) == "ValueError"


@pytest.mark.parametrize("args", [("x",), ()])
def test_a_line_without_an_exception(args: tuple[str, ...]) -> None:
    message = "hello %s" if args else "hello x"
    record = logging.LogRecord("chat", logging.INFO, __file__, 1, message, args, None)
    assert SafeFormatter("{message}", style="{").format(record) == "hello x"

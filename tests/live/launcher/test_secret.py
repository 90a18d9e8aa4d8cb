"""The secret key on disk."""

from pathlib import Path

from launcher.secret import secret_key


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    key = secret_key(tmp_path)
    assert len(key) >= 64
    assert mode(tmp_path / "secret_key") == 0o600
    assert secret_key(tmp_path) == key
    assert secret_key(tmp_path) not in {"", secret_key(tmp_path.parent)}
    (tmp_path.parent / "secret_key").unlink()


def test_rights_that_became_too_wide_are_narrowed(tmp_path: Path) -> None:
    key = secret_key(tmp_path)
    (tmp_path / "secret_key").chmod(0o644)
    assert secret_key(tmp_path) == key
    assert mode(tmp_path / "secret_key") == 0o600


def test_a_key_cut_short_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("short")
    assert len(secret_key(tmp_path)) >= 64

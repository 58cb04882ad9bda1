from __future__ import annotations

from pathlib import Path

import pytest

from bot.evaluation.__main__ import main


@pytest.mark.parametrize("content", ["", "text\nhi\n", "text,accept\nhi,grete\n"])
def test_a_set_that_cannot_be_used_ends_with_one_sentence(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own.csv").write_text(content, "utf-8")
    assert main([str(tmp_path / "own.csv"), "--report", str(tmp_path / "report")]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert not (tmp_path / "report").exists()

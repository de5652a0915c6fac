"""Settings: flags before environment before file before defaults."""

from __future__ import annotations

from pathlib import Path

import pytest

from sabbatical.core.errors import BadInput
from sabbatical.core.settings import load


def test_flags_win_over_environment_over_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sabbatical.toml").write_text("port = 1111\nworkers = 3\nhost = 'file'\n")
    monkeypatch.setenv("SABBATICAL_HOME", str(tmp_path))
    monkeypatch.setenv("SABBATICAL_PORT", "2222")
    settings = load(host="flag")
    assert (settings.host, settings.port, settings.workers) == ("flag", 2222, 3)


def test_a_setting_that_does_not_exist_or_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "sabbatical.toml").write_text("prot = 1\n")
    with pytest.raises(BadInput, match="prot"):
        load(home=tmp_path)
    with pytest.raises(BadInput, match="setting 'port' cannot be used"):
        load(home=tmp_path / "other", port=99999)

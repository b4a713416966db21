"""Settings: defaults, faults, names, and the page that documents them."""

from __future__ import annotations

import logging
from dataclasses import fields
from pathlib import Path

import pytest

from service import settings as settings_module
from service.errors import SettingsError
from service.settings import PREFIX, Settings, read_settings, usable_cores
from service.settings_page import settings_page

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


def test_empty_environment_gives_the_defaults() -> None:
    assert read_settings({}) == Settings()


def test_other_variables_are_not_looked_at() -> None:
    assert read_settings({"PORT": "9", "PATH": "/bin", "HOST": "elsewhere"}) == Settings()


def test_empty_value_stands_for_the_default() -> None:
    assert read_settings({"REFRAIN_PORT": "", "REFRAIN_ENCODER_LANGUAGES": ""}) == Settings()


def test_every_setting_is_read() -> None:
    read = read_settings(
        {
            "REFRAIN_HOST": "0.0.0.0",
            "REFRAIN_PORT": "9000",
            "REFRAIN_DATA_DIR": "/srv/refrain",
            "REFRAIN_CATALOGUE_URL": "postgresql+psycopg://editor:pass@database/refrain",
            "REFRAIN_STARTER": "false",
            "REFRAIN_ENCODER": "intfloat/multilingual-e5-small",
            "REFRAIN_ENCODER_LANGUAGES": "en, RU,uk",
            "REFRAIN_ENCODER_RUNTIME": "torch",
            "REFRAIN_ENCODER_QUERY_PROMPT": "query: ",
            "REFRAIN_ENCODER_PASSAGE_PROMPT": "passage: ",
            "REFRAIN_VERIFIER": "off",
            "REFRAIN_TIER_MATCH": "0.9",
            "REFRAIN_TIER_RELATED": "0.4",
            "REFRAIN_WORKERS": "3",
            "REFRAIN_THREADS": "4",
            "REFRAIN_QUEUE": "7",
            "REFRAIN_DEADLINE_MS": "500",
            "REFRAIN_QUERY_CACHE": "0",
            "REFRAIN_TIMEOUT": "30",
            "REFRAIN_GRACEFUL_TIMEOUT": "10",
            "REFRAIN_REQUIRE_KEY": "true",
            "REFRAIN_PUBLISHER": "The Daily Sentinel",
            "REFRAIN_CORS_ORIGINS": "https://cms.example.org/, Chrome-Extension://abc",
            "REFRAIN_LOG_FORMAT": "json",
            "REFRAIN_LOG_LEVEL": "debug",
        }
    )
    assert read == Settings(
        host="0.0.0.0",
        port=9000,
        data_dir=Path("/srv/refrain"),
        catalogue_url="postgresql+psycopg://editor:pass@database/refrain",
        starter=False,
        encoder="intfloat/multilingual-e5-small",
        encoder_languages=frozenset({"en", "ru", "uk"}),
        encoder_runtime="torch",
        encoder_query_prompt="query: ",
        encoder_passage_prompt="passage: ",
        verifier="off",
        tier_match=0.9,
        tier_related=0.4,
        workers=3,
        threads=4,
        queue=7,
        deadline_ms=500,
        query_cache=0,
        timeout=30,
        graceful_timeout=10,
        require_key=True,
        publisher="The Daily Sentinel",
        cors_origins=("https://cms.example.org", "chrome-extension://abc"),
        log_level="DEBUG",
        log_format="json",
    )
    unchanged = [spec.name for spec in fields(Settings) if getattr(read, spec.name) == spec.default]
    assert unchanged == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REFRAIN_HOST", "http://localhost"),
        ("REFRAIN_PORT", "0"),
        ("REFRAIN_PORT", "65536"),
        ("REFRAIN_PORT", "eighty"),
        ("REFRAIN_CATALOGUE_URL", "catalogue.sqlite"),
        ("REFRAIN_STARTER", "perhaps"),
        ("REFRAIN_TIER_MATCH", "1.1"),
        ("REFRAIN_TIER_RELATED", "half"),
        ("REFRAIN_WORKERS", "-1"),
        ("REFRAIN_WORKERS", "many"),
        ("REFRAIN_THREADS", "-1"),
        ("REFRAIN_ENCODER_RUNTIME", "fast"),
        ("REFRAIN_QUEUE", "0"),
        ("REFRAIN_DEADLINE_MS", "5"),
        ("REFRAIN_QUERY_CACHE", "-1"),
        ("REFRAIN_TIMEOUT", "1.5"),
        ("REFRAIN_GRACEFUL_TIMEOUT", "0"),
        ("REFRAIN_REQUIRE_KEY", "perhaps"),
        ("REFRAIN_CORS_ORIGINS", "cms.example.org"),
        ("REFRAIN_CORS_ORIGINS", "https://cms.example.org/path"),
        ("REFRAIN_CORS_ORIGINS", "https://a.example,"),
        ("REFRAIN_LOG_LEVEL", "loud"),
        ("REFRAIN_LOG_FORMAT", "xml"),
    ],
)
def test_wrong_value_names_the_variable_and_what_is_allowed(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} must be "):
        read_settings({name: value})


@pytest.mark.parametrize("value", ["english", "en,", ",", "e1", "en;ru"])
def test_malformed_languages_are_refused(value: str) -> None:
    with pytest.raises(SettingsError, match="REFRAIN_ENCODER_LANGUAGES must be ISO 639-1 codes"):
        read_settings({"REFRAIN_ENCODER": "some/model", "REFRAIN_ENCODER_LANGUAGES": value})


def test_all_faults_are_listed_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(
            {
                "REFRAIN_PORT": "none",
                "REFRAIN_THREADS": "some",
                "REFRAIN_TYPO": "x",
                "REFRAIN_ENCODER": "some/model",
            }
        )
    message = str(caught.value)
    for name in ("REFRAIN_PORT", "REFRAIN_THREADS", "REFRAIN_TYPO", "REFRAIN_ENCODER_LANGUAGES"):
        assert name in message


def test_unknown_name_is_refused_and_the_nearest_suggested() -> None:
    with pytest.raises(SettingsError, match=r"Did you mean REFRAIN_WORKERS\?"):
        read_settings({"REFRAIN_WORKER": "2"})


def test_password_in_a_wrong_url_is_not_shown() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({"REFRAIN_CATALOGUE_URL": "editor:hunter2@database"})
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(Settings(catalogue_url="postgresql://editor:hunter2@database"))


def test_other_encoder_needs_its_languages() -> None:
    with pytest.raises(SettingsError, match="REFRAIN_ENCODER_LANGUAGES is required"):
        read_settings({"REFRAIN_ENCODER": "some/model"})


def test_star_stands_for_all_languages() -> None:
    read = read_settings({"REFRAIN_ENCODER": "some/model", "REFRAIN_ENCODER_LANGUAGES": "*"})
    assert read.encoder_languages is None


def test_bundled_encoder_refuses_other_languages() -> None:
    with pytest.raises(SettingsError, match="other than the bundled one"):
        read_settings({"REFRAIN_ENCODER_LANGUAGES": "en,ru"})


def test_what_kubernetes_injects_is_passed_over_with_a_log_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    injected = {
        "REFRAIN_SERVICE_HOST": "10.0.0.1",
        "REFRAIN_SERVICE_PORT_HTTP": "8000",
        "REFRAIN_PORT": "tcp://10.0.0.1:8000",
        "REFRAIN_PORT_8000_TCP_ADDR": "10.0.0.1",
    }
    with caplog.at_level(logging.INFO):
        assert read_settings({**injected, "REFRAIN_THREADS": "2"}) == Settings(threads=2)
    assert len(caplog.records) == 1
    assert all(name in caplog.text for name in injected)


def test_catalogue_lies_in_the_data_directory_by_default() -> None:
    settings = Settings(data_dir=Path("/srv/refrain"))
    assert settings.database_url == "sqlite:////srv/refrain/catalogue.sqlite"


def test_catalogue_url_wins_over_the_data_directory() -> None:
    assert Settings(catalogue_url="postgresql://database/x").database_url.endswith("database/x")


@pytest.mark.parametrize("value", ["auto", "0", "AUTO"])
def test_automatic_workers_follow_the_cores(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    settings = read_settings({"REFRAIN_WORKERS": value})
    for cores, workers in ((1, 1), (4, 4), (64, 8)):
        monkeypatch.setattr(settings_module, "usable_cores", lambda cores=cores: cores)
        assert settings.worker_count == workers


def test_chosen_workers_are_kept() -> None:
    assert Settings(workers=20).worker_count == 20


def test_at_least_one_core_is_usable() -> None:
    assert usable_cores() >= 1


def test_every_setting_is_explained() -> None:
    page = settings_page()
    for spec in fields(Settings):
        assert f"`{PREFIX}{spec.name.upper()}`" in page
        assert spec.metadata["help"].endswith(".")


def test_committed_page_is_in_step() -> None:
    assert PAGE.read_text(encoding="utf-8") == settings_page(), "run `make docs`"

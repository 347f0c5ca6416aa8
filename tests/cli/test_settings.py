import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rescind.listening import listen
from rescind.secret_keys import secret
from rescind.settings import Settings, SettingsError, documentation


def test_an_option_wins_over_the_environment_and_that_over_the_default():
    assert Settings.read({}).port == 8700
    assert Settings.read({}).data == Path(".data").absolute()
    assert Settings.read({"RESCIND_PORT": "9000"}).port == 9000
    assert Settings.read({"RESCIND_PORT": "9000"}, port="9100", host=None).port == 9100
    assert Settings.read({"RESCIND_PORT": "9000"}).chosen == {"port"}
    assert Settings.read({"RESCIND_DEMO": "yes"}).demo is True
    assert Settings.read({}, demo=True, data=Path("/srv/desk")).data == Path("/srv/desk")
    assert Settings.read({"RESCIND_PORT": ""}).chosen == set()


@pytest.mark.parametrize(
    ("environ", "complaint"),
    [
        ({"RESCIND_PROT": "9000"}, "no setting RESCIND_PROT. Did you mean RESCIND_PORT?"),
        ({"RESCIND_PORT": "99999"}, "RESCIND_PORT must be a port number, 0 .* to 65535, not '99999'"),
        ({"RESCIND_PORT": "٣"}, "RESCIND_PORT must be a port number"),
        ({"RESCIND_HOST": "desk.example"}, "RESCIND_HOST must be an IP address"),
        ({"RESCIND_DEMO": "perhaps"}, "RESCIND_DEMO must be 1 or 0, not 'perhaps'"),
        ({"RESCIND_BASE_URL": "desk.example"}, "RESCIND_BASE_URL must be the address that people see"),
        ({"RESCIND_BASE_URL": "https://desk.example/app"}, "without a path"),
        ({"RESCIND_PG_BIN": "/nowhere"}, "RESCIND_PG_BIN must be a folder with the program `postgres`"),
        ({"RESCIND_SUPPORT_EMAIL": "call us"}, "RESCIND_SUPPORT_EMAIL must be an address like"),
        ({"RESCIND_SUPPORT_PHONE": "soon"}, "RESCIND_SUPPORT_PHONE must be a telephone number like"),
        ({"RESCIND_SUPPORT_HOURS": "9\n17"}, "RESCIND_SUPPORT_HOURS must be one line"),
        ({"RESCIND_HOST_SITES": "https://market.example/shop The Market"}, "RESCIND_HOST_SITES must be origins with"),
        ({"RESCIND_HOST_SITES": "https://market.example"}, "RESCIND_HOST_SITES must be origins with"),
        ({"RESCIND_HOST_SITES": "*.example The Market"}, "RESCIND_HOST_SITES must be origins with"),
        ({"DATABASE_URL": "mysql://db/rescind"}, "DATABASE_URL must be an address like postgresql://"),
        ({"RESCIND_OWNER_URL": "postgresql://o@db/rescind"}, "RESCIND_OWNER_URL goes with DATABASE_URL"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_name(environ, complaint):
    with pytest.raises(SettingsError, match=complaint):
        Settings.read(environ)


def test_sites_of_the_marketplace_are_read_by_their_origins():
    read = Settings.read({"RESCIND_HOST_SITES": "https://Market.example:443/ The Market,http://127.0.0.1:81 Mobile"})
    assert read.sites("http://desk.test") == {"https://market.example": "The Market", "http://127.0.0.1:81": "Mobile"}


def test_a_password_in_a_wrong_address_is_not_repeated():
    with pytest.raises(SettingsError) as refused:
        Settings.read({"DATABASE_URL": "mysql://desk:s3cret@db/rescind"})
    assert "s3cret" not in str(refused.value)


def test_every_setting_says_what_it_is_for():
    rows = documentation()
    assert ("RESCIND_PORT", "8700", "Port to listen on. Unless chosen, the next free one after 8700.") in rows
    assert "DATABASE_URL" in {variable for variable, _, _ in rows}
    assert all(about.endswith(".") for _, _, about in rows)


def test_a_port_that_nobody_chose_gives_way_and_a_chosen_one_does_not():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with listen(Settings(port=port)) as found:
            assert port < found.getsockname()[1] < port + 20
        with pytest.raises(SettingsError, match=f"port {port} .*RESCIND_PORT"):
            listen(Settings.read({"RESCIND_PORT": str(port)}))
    with listen(Settings.read({"RESCIND_PORT": str(port)})) as free:
        assert free.getsockname()[1] == port


def test_the_secret_key_is_made_once_and_for_its_owner_only(tmp_path):
    settings = Settings(data=tmp_path / "data")
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: secret(settings), range(16)))
    assert len(keys) == 1
    assert len(keys.pop()) == 32
    path = settings.data / "secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(settings.data.iterdir()) == [path]
    assert secret(Settings(data=tmp_path / "other")) != secret(settings)


def test_a_secret_key_that_others_can_read_or_that_is_none_is_refused(tmp_path):
    settings = Settings(data=tmp_path)
    secret(settings)
    (tmp_path / "secret").chmod(0o644)
    with pytest.raises(SettingsError, match="can be read by others"):
        secret(settings)
    (tmp_path / "secret").chmod(0o600)
    (tmp_path / "secret").write_text("short\n")
    with pytest.raises(SettingsError, match="64 hexadecimal digits"):
        secret(settings)
    with pytest.raises(SettingsError, match="cannot be read"):
        secret(Settings(secret_file=tmp_path / "absent"))


def test_amounts_are_read_in_their_currencies_and_told_as_they_are_typed():
    chosen = Settings.read({"RESCIND_SECOND_PERSON_ABOVE": "EUR 200, USD 250.50, JPY 30000"}).second_person_above
    assert (chosen.of("EUR"), chosen.of("USD"), chosen.of("JPY"), chosen.of("GBP")) == (20000, 25050, 30000, None)
    assert str(chosen) == "EUR 200, USD 250.50, JPY 30000"
    for wrong in ("200 EUR", "EUR", "EUR -1", "EUR 1.999", "EUR 1, EUR 2", "euro 5", "EUR 1;USD 2"):
        with pytest.raises(SettingsError, match="amounts with their currencies"):
            Settings.read({"RESCIND_SECOND_PERSON_ABOVE": wrong})

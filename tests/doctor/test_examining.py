"""The examination of a real installation: what it finds as an installation is set up, and as something breaks."""

import re
from dataclasses import replace

import asyncpg
import pytest
from aiohttp import web

from mail.server import PASSWORD, USER, office
from rescind import pushing
from rescind.access import signing_in
from rescind.clock import wall_clock
from rescind.doctor.examining import Installation, examine
from rescind.doctor.finding import Topic
from rescind.doctor.words import advice, says
from rescind.locales import locale
from rescind.mail.post import NewServer
from rescind.mail.smtp import Patience
from rescind.postgres import backups
from rescind.postgres.embedded import APP, OWNER
from rescind.sealing import Sealer


@pytest.fixture
def looks(desk):
    """What is found now: by topic, the findings there. Each has its words in both languages."""

    async def look(**settings):
        chosen = replace(desk.settings, **settings)
        desk.post._settings = chosen
        installation = Installation(settings=chosen, pool=desk.pool, post=desk.post, connected=desk.connected)
        found = {}
        for one in await examine(installation):
            found.setdefault(one.topic, []).append(one)
            for tag in ("en", "zh"):
                assert says(locale(tag), one) not in {"", one.code}
                assert (one.grade == "good") or advice(locale(tag), one), f"{one.code}: what is to be done?"
        return found

    desk.post._patience = Patience(2, 4, 4)
    return look


def codes(found, topic: Topic):
    return [one.code for one in found.get(topic, ())]


async def test_an_empty_installation_is_told_everything_that_is_still_to_do(looks, desk):
    found = await looks()
    assert codes(found, "database") == ["database_embedded"]
    assert codes(found, "processes") == ["web_silent", "worker_silent"]
    assert codes(found, "provider") == ["provider_none"]
    assert codes(found, "mail") == ["mail_none"]
    assert codes(found, "address") == ["address_none"]
    assert codes(found, "backup") == ["backup_none"]
    assert codes(found, "disk") in (["disk_good"], ["disk_low"])
    assert codes(found, "keys") == ["keys_good"]


async def test_what_lives_and_what_is_late_is_seen_in_the_database(looks, desk, database, market):
    await desk.pool.execute(
        "INSERT INTO heartbeats (worker, role, started_at, beat_at)"
        " VALUES ('a', 'web', clock_timestamp(), clock_timestamp()),"
        " ('b', 'worker', clock_timestamp(), clock_timestamp() - interval '2 minutes')"
    )
    await market.order()
    await desk.pool.execute("UPDATE due SET due_at = clock_timestamp() - interval '5 minutes'")
    found = await looks()
    assert codes(found, "processes") == ["web_runs", "worker_silent"]
    (work,) = found["work"]
    assert (work.code, work.grade) == ("work_late", "broken")
    assert work.params["count"] >= 1


async def test_signs_of_life_that_came_back_with_a_backup_are_nobodys(looks, desk, database):
    await desk.pool.execute(
        "INSERT INTO heartbeats (worker, role, started_at, beat_at) SELECT role, role, now(), now() - interval '5 s'"
        " FROM unnest(ARRAY['web', 'worker']) AS role"
    )
    assert codes(await looks(), "processes") == ["web_runs", "worker_runs"]
    owner = await asyncpg.connect(database(OWNER))
    await owner.execute("INSERT INTO installation (key, value) VALUES ('restored_at', now()::text)")
    await owner.close()
    assert codes(await looks(), "processes") == ["web_silent", "worker_silent"]
    await desk.pool.execute("UPDATE heartbeats SET beat_at = clock_timestamp() WHERE role = 'web'")
    assert codes(await looks(), "processes") == ["web_runs", "worker_silent"]


async def test_a_mail_server_is_asked_to_let_us_in_and_gets_no_mail(looks, desk):
    async with office(login=True) as server:
        given = {"host": "127.0.0.1", "port": server.port, "security": "none", "sender": "desk@market.test"}
        await desk.post.set_up(NewServer(**given, user=USER, password=PASSWORD), "operator:ines")
        (good,) = (await looks())["mail"]
        assert (good.code, server.mails()) == ("mail_good", [])
        await desk.post.set_up(NewServer(**given, user=USER, password="wrong"), "operator:ines")
        (bad,) = (await looks())["mail"]
        assert (bad.code, bad.grade) == ("mail_refused", "broken")
        assert "535" in bad.params["said"]
    (away,) = (await looks())["mail"]
    assert (away.code, away.grade) == ("mail_refused", "broken"), "nobody listens there any more"


async def test_the_public_address_leads_here_or_elsewhere_or_nowhere(looks):
    said = {"/healthz": {"status": "ok", "migrations": "current"}}

    async def answer(request):
        return web.json_response(said[request.path])

    app = web.Application()
    app.router.add_get("/healthz", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    address = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
    try:
        assert codes(await looks(base_url=address), "address") == ["address_good"]
        said["/healthz"]["proxy"] = "attention"
        assert codes(await looks(base_url=address), "address") == ["address_unnamed"]
        said["/healthz"] = {"hello": "world"}
        assert codes(await looks(base_url=address), "address") == ["address_elsewhere"]
        said["/healthz"] = ["a list"]
        assert codes(await looks(base_url=address), "address") == ["address_elsewhere"]
    finally:
        await runner.cleanup()
    (away,) = (await looks(base_url=address))["address"]
    assert (away.code, away.grade) == ("address_away", "broken")


async def test_people_left_with_passkeys_of_another_address_are_counted(looks, desk):
    await desk.pool.execute("""
        INSERT INTO accounts (account_id, email, name, language, zone)
        VALUES ('psn_1', 'kit@harbour.example', 'Kit', 'en', 'UTC');
        INSERT INTO passkeys (passkey_id, account_id, attested, name, host)
        VALUES ('1', 'psn_1', '', 'One', 'localhost')
    """)
    assert "passkeys_elsewhere" not in codes(await looks(base_url="http://localhost:1"), "address")
    assert codes(await looks(base_url="http://127.0.0.1:1"), "address") == ["address_away", "passkeys_elsewhere"]


async def test_backups_are_remembered_where_they_were_made(looks, database):
    before = wall_clock()
    await backups.keep(database(OWNER), "backup_made_at")
    (found,) = (await looks())["backup"]
    assert found.code == "backup_untried"
    assert abs((found.params["made"] - before).total_seconds()) < 30
    await backups.keep(database(OWNER), "backup_tried_at")
    assert codes(await looks(), "backup") == ["backup_good"]


async def test_a_backup_by_another_program_is_taken_at_the_operators_word(looks):
    assert codes(await looks(backed_up_elsewhere=True), "backup") == ["backup_elsewhere"]


async def test_a_key_that_others_may_read_is_named(looks, desk):
    key = desk.settings.data / "secret"
    assert key.is_file()
    key.chmod(0o640)
    (found,) = (await looks())["keys"]
    assert (found.code, found.grade, found.params["file"]) == ("key_readable", "broken", str(key))


async def test_what_was_sealed_under_another_secret_key_is_counted(looks, desk):
    assert codes(await looks(), "people") == []
    other = b"o" * 32
    await desk.pool.execute(
        "INSERT INTO accounts (account_id, email, name, language, zone, password, totp)"
        " VALUES ('acc_kit', 'kit@harbour.example', 'Kit', 'en', 'UTC', 'hash', $1)",
        Sealer(other, signing_in.PURPOSE).seal("acc_kit", b"seed"),
    )
    await desk.pushing.table.key(Sealer(other, pushing.PURPOSE).seal("key", b"key"))
    found = await looks()
    assert [(one.code, one.grade, one.params["count"]) for one in found["people"]] == [("apps_sealed", "broken", 1)]
    assert codes(found, "keys") == ["secrets_sealed", "keys_good"]


async def test_a_database_that_may_forget_is_not_looked_into_further(desk, database):
    async with asyncpg.create_pool(
        database(APP), min_size=1, max_size=1, server_settings={"synchronous_commit": "off"}
    ) as forgetful:
        found = await examine(
            Installation(settings=desk.settings, pool=forgetful, post=desk.post, connected=desk.connected)
        )
    (database_, *rest) = found
    assert (database_.code, database_.grade) == ("database_unfit", "broken")
    assert "synchronous_commit" in database_.params["said"]
    assert {one.topic for one in rest} == {"disk", "keys"}


async def test_a_number_and_a_moment_are_written_as_the_reader_writes_them(looks, database):
    await backups.keep(database(OWNER), "backup_made_at")
    (found,) = (await looks())["backup"]
    assert re.search(r"\d{4}年\d+月\d+日", says(locale("zh"), found))
    assert " UTC" in says(locale("en"), found)


async def test_the_secret_of_the_identity_provider_is_read_before_somebody_wants_to_sign_in(looks, tmp_path):
    file = tmp_path / "oidc-secret"
    chosen = {"oidc_issuer": "https://id.example", "oidc_client_id": "desk", "oidc_secret_file": file}
    (found,) = (await looks(**chosen))["people"]
    assert (found.code, found.grade, found.params["file"]) == ("identity_unreadable", "broken", str(file))
    file.write_text("\n")
    assert codes(await looks(**chosen), "people") == ["identity_empty"]
    file.write_text("s3cret\n")
    assert codes(await looks(**chosen), "people") == ["identity_good"]


async def test_a_demo_is_one_for_whoever_looks_without_saying_so(looks, desk):
    await desk.pool.execute("INSERT INTO installation (key, value) VALUES ('demo', '1') ON CONFLICT DO NOTHING")
    assert codes(await looks(), "provider") == ["provider_sandbox"]

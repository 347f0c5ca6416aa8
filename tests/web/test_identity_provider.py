"""Signing in by the marketplace's own identity provider, which is believed exactly as far as it can prove itself."""

import re
import time

import pytest

from rescind.access import identity
from rescind.access.people import COMMAND_LINE
from rescind.app import make_app, open_desk
from rescind.settings import Settings, SettingsError
from web.consoles import ORIGIN
from web.provider import CLIENT, SECRET, Provider
from web.staff import Member, invited, member

EMAIL = "kit@harbour.example"


@pytest.fixture
async def provider():
    async with Provider() as running:
        yield running


@pytest.fixture
async def desk(database, clock, tmp_path, provider):
    secret = tmp_path / "oidc-secret"
    secret.write_text(f"{SECRET}\n")
    chosen = {
        "oidc_issuer": provider.issuer,
        "oidc_client_id": CLIENT,
        "oidc_secret_file": secret,
        "oidc_name": "Harbour",
    }
    async with open_desk(Settings(data=tmp_path, **chosen), database(), ORIGIN, clock) as opened:
        yield opened


@pytest.fixture
def app(desk, market):
    return make_app(desk)


async def come(kit, provider, link=""):
    """Press the button, agree there, and come back."""
    sent = await kit.see(f"/sign-in/provider{'?link=' + link if link else ''}")
    assert sent.status == 303, sent.text
    assert sent.to.startswith(f"{provider.issuer}/authorize?"), sent.to
    return await kit.see(provider.agree(sent.to))


async def joined(app, desk, provider):
    """Somebody who has taken an invitation up by the provider."""
    kit = Member(app)
    token = (await invited(desk)).rpartition("/")[2]
    done = await come(kit, provider, token)
    assert (done.status, done.to) == (303, "/support"), done.text
    return kit


async def test_who_is_invited_joins_by_the_provider_and_comes_again(app, desk, provider):
    kit = await joined(app, desk, provider)
    assert (await kit.see("/support")).status == 200
    again = Member(app)
    assert "Continue with Harbour" in (await again.see("/sign-in")).text
    assert (await come(again, provider)).to == "/support"
    (person,) = await desk.people.all(COMMAND_LINE)
    assert (person.identity, person.app, person.passkeys) == (True, False, 0)
    assert provider.asked.count("discovery") == 1, "what it says of itself is remembered"


async def test_who_has_an_account_comes_by_the_provider_too(app, desk, provider):
    await member(app, desk)
    assert (await come(Member(app), provider)).to == "/support"


async def test_nobody_registers_by_themselves(app, desk, provider):
    assert (await come(Member(app), provider)).status == 422
    assert await desk.pool.fetchval("SELECT count(*) FROM accounts") == 0


async def test_an_invitation_is_taken_up_by_whom_it_is_for_alone(app, desk, provider):
    token = (await invited(desk)).rpartition("/")[2]
    provider.email = "lee@harbour.example"
    assert (await come(Member(app), provider, token)).status == 422
    assert await desk.pool.fetchval("SELECT count(*) FROM accounts") == 0


async def test_an_address_that_is_given_to_somebody_else_opens_nothing(app, desk, provider):
    await joined(app, desk, provider)
    provider.subject = "another-person"
    assert (await come(Member(app), provider)).status == 422


@pytest.mark.parametrize(
    "says",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another"},
        {"aud": [CLIENT, "another"]},
        {"azp": "another"},
        {"iss": "https://another.example"},
        {"iat": None},
        {"exp": None},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email": None},
        {"sub": ""},
    ],
    ids=str,
)
async def test_a_token_that_is_not_for_us_not_for_this_or_proves_no_address_is_refused(app, desk, provider, says):
    await member(app, desk)
    provider.says = says
    kit = Member(app)
    assert (await come(kit, provider)).status == 422
    assert (await kit.see("/support")).status == 401


async def test_a_token_that_is_over_is_refused_and_one_of_two_parties_that_names_us_is_not(app, desk, provider):
    await member(app, desk)
    provider.says = {"iat": int(time.time()) - 1000, "exp": int(time.time()) - identity.LEEWAY_S - 1}
    assert (await come(Member(app), provider)).status == 422
    provider.says = {"aud": [CLIENT, "another"], "azp": CLIENT}
    assert (await come(Member(app), provider)).status == 303


@pytest.mark.parametrize("signs", ["unsigned", "signed_with_what_is_public", "signed_by_a_stranger"])
async def test_what_the_provider_has_not_signed_is_refused(app, desk, provider, signs):
    await member(app, desk)
    provider.signs = getattr(provider, signs)
    assert (await come(Member(app), provider)).status == 422


async def test_a_key_that_the_provider_turns_to_is_found_and_asked_for_at_most_once_a_minute(
    app, desk, provider, monkeypatch
):
    await member(app, desk)
    await come(Member(app), provider)
    provider.turn("two")
    assert (await come(Member(app), provider)).status == 422, "it was asked a moment ago"
    assert provider.asked.count("keys") == 1
    monkeypatch.setattr(identity, "AGAIN_S", 0.0)
    assert (await come(Member(app), provider)).status == 303
    assert provider.asked.count("keys") == 2


async def test_the_answer_belongs_to_the_browser_that_asked_and_counts_once(app, desk, provider):
    await member(app, desk)
    kit, eve = Member(app), Member(app)
    back = provider.agree((await kit.see("/sign-in/provider")).to)
    assert (await eve.see(back)).status == 422, "a browser that asked nothing"
    await eve.see("/sign-in/provider")
    assert (await eve.see(back)).status == 422, "a browser that asked something else"
    assert (await kit.see(re.sub("state=[^&]+", "state=another", back))).status == 422
    kit = Member(app)
    back = provider.agree((await kit.see("/sign-in/provider")).to)
    assert (await kit.see(back)).status == 303
    assert (await kit.see(back)).status == 422


async def test_a_code_that_was_caught_is_worth_nothing_without_the_verifier(app, desk, provider):
    await member(app, desk)
    kit, eve = Member(app), Member(app)
    caught = dict(re.findall(r"(code|state)=([^&]+)", provider.agree((await kit.see("/sign-in/provider")).to)))
    own = provider.agree((await eve.see("/sign-in/provider")).to)
    mixed = re.sub("code=[^&]+", f"code={caught['code']}", own)
    assert (await eve.see(mixed)).status == 422


async def test_a_provider_that_is_away_or_answers_for_another_leaves_the_other_ways(app, desk, provider):
    await member(app, desk)
    provider.discovered = {"issuer": "https://another.example"}
    page = await Member(app).see("/sign-in/provider")
    assert (page.status, "Harbour does not answer at the moment" in page.text) == (503, True)
    assert page.has_form("/sign-in")


async def test_who_is_removed_here_is_out_whatever_the_provider_says(app, desk, provider):
    kit = await joined(app, desk, provider)
    (person,) = await desk.people.all(COMMAND_LINE)
    await desk.people.remove(COMMAND_LINE, person.id, "support", None)
    assert (await kit.see("/support")).status == 401
    assert (await come(Member(app), provider)).status == 422


def test_a_provider_is_named_whole_and_by_https():
    with pytest.raises(SettingsError, match="RESCIND_OIDC_CLIENT_ID"):
        Settings.read({"RESCIND_OIDC_ISSUER": "https://id.harbour.example"})
    with pytest.raises(SettingsError, match="OIDC_ISSUER"):
        Settings.read({"RESCIND_OIDC_ISSUER": "http://id.harbour.example"})

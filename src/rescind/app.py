"""Joins the parts: the only place that knows them all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial

import asyncpg
import structlog
from litestar.types import ASGIApp

from rescind import api, policies
from rescind.access.credentials import Access
from rescind.access.guest_codes import GuestCodes
from rescind.access.identity import IdentityProvider
from rescind.access.links import Links
from rescind.access.passkeys import Passkeys
from rescind.access.people import People
from rescind.access.sign_in_steps import Steps
from rescind.access.signing_in import SigningIn
from rescind.beginning import Beginning
from rescind.book import Book
from rescind.clock import Clock, DatabaseClock, HandClock, wall_clock
from rescind.connections import Connected
from rescind.conversations import Conversations
from rescind.core.sentence import phrased
from rescind.demo import (
    accounts,
    advance,
    contact,
    kept_views,
    paid_out,
    programs,
    reached,
    sources,
    staff,
    talks,
    to_measure,
    told,
    two_people,
)
from rescind.demo.marketplace import Opening
from rescind.demo.policies import open_policies, say_a_day
from rescind.demo.stall import Ground
from rescind.desk import Desk
from rescind.documents import Documents
from rescind.endpoints import Endpoints
from rescind.engine import Engine
from rescind.evidence import Evidence
from rescind.inbox import Inbox
from rescind.jetstream import JetStream
from rescind.lists import Lists
from rescind.mail.post import Post
from rescind.mail.returned import Folder
from rescind.notices import Channel
from rescind.notices.email import Email
from rescind.notices.group import GroupChat
from rescind.notices.push import Push
from rescind.objects import Objects
from rescind.order_sources import OrderSources
from rescind.pdf import Press
from rescind.policies import automation
from rescind.postgres import embedded, pretence
from rescind.postgres.accounts import AccountTable
from rescind.postgres.calendars import CalendarTable
from rescind.postgres.connections import ConnectionTable
from rescind.postgres.deliveries import DeliveryTable
from rescind.postgres.directory import Directory
from rescind.postgres.documents import DocumentTable
from rescind.postgres.due import DueTable
from rescind.postgres.embedded import EmbeddedServer, ensure_database
from rescind.postgres.endpoints import EndpointTable
from rescind.postgres.event_streams import EventStream
from rescind.postgres.evidence import EvidenceTable
from rescind.postgres.exports import ExportTable
from rescind.postgres.guards import GuardTable
from rescind.postgres.habits import Habits
from rescind.postgres.mail_server import MailServerTable
from rescind.postgres.mails import MailTable
from rescind.postgres.migrate import check_durability, check_serving_role, migrate
from rescind.postgres.notice_people import NoticePeople
from rescind.postgres.notice_sends import NoticeSends
from rescind.postgres.notices import NoticeTable
from rescind.postgres.order_sources import OrderSourceTable
from rescind.postgres.policies import PolicyTable
from rescind.postgres.push import PushTable
from rescind.postgres.reads import Reads
from rescind.postgres.receipt_keys import ReceiptKeys
from rescind.postgres.robot_messages import RobotMessages
from rescind.postgres.robots import RobotTable
from rescind.postgres.saved_views import SavedViews
from rescind.postgres.shop_versions import ShopVersions
from rescind.postgres.sign_ins import SignInTable
from rescind.postgres.staff_links import StaffLinkTable
from rescind.postgres.stock import StockFeed
from rescind.postgres.store import BY_INDEX, PostgresStore, connect
from rescind.postgres.switched_off import SwitchedOff
from rescind.postgres.tail import Tail
from rescind.postgres.threads import ThreadTable
from rescind.postgres.tracking import TrackingTable
from rescind.postgres.translations import TranslationTable
from rescind.prospects import Prospects
from rescind.providers.host import Host
from rescind.providers.paths import PathsNow
from rescind.providers.router import Router
from rescind.pushing import Pushing
from rescind.pushing import contact as push_contact
from rescind.receipts.signing import Signer
from rescind.robot_news import RobotNews
from rescind.robots import Robots
from rescind.secret_keys import secret
from rescind.settings import Settings, SettingsError
from rescind.translations import Translations
from rescind.translator import LibreTranslate
from rescind.web import letters, routes
from rescind.webhooks.posting import Poster
from rescind.worker import loops
from rescind.worker.deliveries import Courier
from rescind.worker.lists import Mailing
from rescind.worker.months import Months
from rescind.worker.notices import Messenger
from rescind.worker.publishing import Publisher
from rescind.worker.returned import Returned
from rescind.worker.robots import Speaker
from rescind.worker.tracking import Numbers

log = structlog.get_logger()


@asynccontextmanager
async def database(settings: Settings) -> AsyncGenerator[str]:
    """A migrated database to serve from: the embedded one, started and stopped with us, or the operator's own.

    Yields its address for the role that serves. An operator's own database is migrated by ``rescind migrate``.
    """
    if settings.database_url:
        yield settings.database_url
        return
    server = await asyncio.to_thread(EmbeddedServer.start, settings)
    try:
        await ensure_database(server.dsn(embedded.SUPERUSER, "postgres"))
        await migrate(server.dsn(embedded.OWNER))
        yield server.dsn(embedded.APP)
    finally:
        await asyncio.to_thread(server.stop)


@asynccontextmanager
async def open_desk(
    settings: Settings, dsn: str, base_url: str, clock: Clock | None = None, *, live: bool = True
) -> AsyncGenerator[Desk]:
    """Everything a surface needs, on a database that is fit to serve from. Raises UnfitDatabase when it is not.

    live: somebody may listen to what happens; a command has nobody who does.
    """
    clock = clock or DatabaseClock()
    pool = await connect(dsn)
    writing = await connect(dsn, size=4, planning=BY_INDEX)
    try:
        async with pool.acquire() as connection:
            await check_serving_role(connection)
            await check_durability(connection)
        versions = ShopVersions(pool, clock)
        told_people = NoticePeople(pool, clock)
        book = await _book(pool, clock, versions, told_people)
        directory = Directory(pool)
        prospects = Prospects(book, directory, clock)
        key = secret(settings)
        signer = await _signer(settings, pool, clock)
        tail = Tail(pool)
        await tail.open()
        guards = GuardTable(pool, settings.guards)
        table = ConnectionTable(pool, clock)
        connected = Connected(table, key, pretend=settings.demo, paid_out=settings.host_pays)
        sources = OrderSources(OrderSourceTable(pool, clock), connected, key, settings.egress, clock)
        connected.others = sources.payments
        post = Post(MailTable(pool, clock), MailServerTable(pool), settings, key)
        robots = RobotTable(pool, clock)
        async with Engine(
            PostgresStore(writing, clock),
            book,
            guards=guards,
            paths=PathsNow(connected),
        ).running() as engine:
            reads = Reads(pool, key)
            files = Objects.at(settings.evidence_store, settings.data)
            evidence = Evidence(EvidenceTable(pool, clock), files, settings, clock, reads)
            conversations = Conversations(ThreadTable(pool, clock), reads, evidence, book)
            access = Access(pool, key, base_url)
            people = People(AccountTable(pool), StaffLinkTable(pool), access, post, reads, key, base_url)
            translator = LibreTranslate(settings.translator) if settings.translator else None
            desk = Desk(
                settings=settings,
                pool=pool,
                guards=guards,
                engine=engine,
                reads=reads,
                tail=tail,
                access=access,
                book=book,
                directory=directory,
                prospects=prospects,
                signer=signer,
                evidence=evidence,
                inbox=Inbox(
                    NoticeTable(pool, clock),
                    told_people,
                    NoticeSends(pool, clock),
                    reads,
                    post.table,
                    prospects,
                    clock,
                    key,
                ),
                conversations=conversations,
                translations=Translations(TranslationTable(pool, clock), conversations, translator),
                documents=Documents(DocumentTable(pool, clock), reads),
                press=Press(),
                post=post,
                habits=Habits(pool),
                connected=connected,
                endpoints=Endpoints(
                    EndpointTable(pool, clock), DeliveryTable(pool, clock), key, settings.egress, clock
                ),
                order_sources=sources,
                robots=Robots(robots, RobotMessages(pool, robots, clock), told_people, key, settings.egress, clock),
                pushing=Pushing(PushTable(pool, clock), told_people, key, settings.egress, push_contact(base_url)),
                people=people,
                beginning=Beginning(pool, people, access, key, base_url),
                signing_in=SigningIn(
                    people,
                    access,
                    Steps(SignInTable(pool)),
                    Passkeys(access.origin, "Rescind"),
                    _identity(settings, base_url),
                    key,
                ),
                links=Links.over(pool, access, reads, settings, key),
                guest_codes=GuestCodes(Steps(SignInTable(pool)), reads, post.table, key),
                stock=StockFeed(pool),
                lists=Lists(reads, ExportTable(pool, clock), clock),
                views=SavedViews(pool, clock),
                files=files,
                versions=versions,
                clock=clock,
                base_url=base_url,
            )
            async with AsyncExitStack() as beside:
                if live:
                    await beside.enter_async_context(_task(tail.read()))
                await beside.enter_async_context(_task(book.follow()))
                try:
                    yield desk
                finally:
                    await sources.close()
                    await connected.close()
                    post.close()
                    if translator is not None:
                        translator.close()
    finally:
        await _close(writing)
        await _close(pool)


async def _book(pool: asyncpg.Pool, clock: Clock, versions: ShopVersions, people: NoticePeople) -> Book:
    book = Book(PolicyTable(pool), CalendarTable(pool), versions, DueTable(pool, clock), people)
    await book.open(policies.all_of_them())
    return book


async def _signer(settings: Settings, pool: asyncpg.Pool, clock: Clock) -> Signer:
    signer = Signer(settings, ReceiptKeys(pool))
    await signer.open(clock.read() or wall_clock())
    return signer


def _identity(settings: Settings, base_url: str) -> IdentityProvider | None:
    return IdentityProvider(settings.identity_provider, base_url) if settings.identity_provider else None


@asynccontextmanager
async def working(desk: Desk) -> AsyncGenerator[None]:
    """Do the due work while the block runs."""
    months = Months(desk.versions, desk.book, automation())
    due, told = DueTable(desk.pool, desk.clock), desk.endpoints
    numbers = Numbers(desk.engine, TrackingTable(desk.pool, desk.clock))
    async with (
        Poster(desk.settings.egress) as poster,
        _courier(desk, poster) as courier,
        _task(
            loops.run(
                desk.engine,
                due,
                provider(desk),
                months,
                desk.connected,
                told.table,
                numbers=numbers,
                people=desk.inbox.people,
            )
        ),
        _speaker(desk, poster) as speaker,
        _task(loops.tell(messenger(desk, poster), desk.inbox)),
        _task(loops.speak(speaker, desk.robots.messages)),
        _task(
            loops.deliver(
                courier, told.deliveries, SwitchedOff(desk.pool, desk.clock), desk.settings.operator_email or ""
            )
        ),
        _task(loops.send(desk.post, partial(letters.compose, desk), _returned(desk))),
        _task(loops.tidy(desk.evidence)),
        _task(loops.put_in(desk.importing)),
        _task(loops.follow(desk)),
        _task(loops.mail_lists(mailing(desk))),
        _publishing(desk),
    ):
        yield


def mailing(desk: Desk) -> Mailing:
    """Who makes and mails the views whose time has come."""
    return Mailing(desk.pool, desk.lists, desk.views, desk.inbox.people, desk.post.table, desk.files)


def messenger(desk: Desk, poster: Poster | None = None) -> Messenger:
    """Who sends notices, by every way there is: a line a channel. poster: without one no browser is told."""
    channels: list[Channel] = [Email(desk.post.table), GroupChat(desk.robots.messages)]
    if poster is not None:
        channels.append(Push(partial(desk.pushing.send, poster)))
    named = {one.name: one for one in channels}
    return Messenger(desk.inbox.sends, desk.inbox.people, named, desk.post.table, desk.prospects, desk.base_url)


@asynccontextmanager
async def _speaker(desk: Desk, poster: Poster) -> AsyncGenerator[Speaker]:
    news = RobotNews(desk.inbox.sends, desk.clock, desk.base_url)
    speaker = Speaker(desk.robots, poster, news.compose)
    try:
        yield speaker
    finally:
        await speaker.close()


@asynccontextmanager
async def _courier(desk: Desk, poster: Poster) -> AsyncGenerator[Courier]:
    courier = Courier(desk.endpoints.deliveries, poster, desk.endpoints.sealer, desk.endpoints.pairs)
    try:
        yield courier
    finally:
        await courier.close()


def _returned(desk: Desk) -> Returned | None:
    """Who reads what comes back later, where the operator has a folder for it."""
    folder = desk.settings.mail_returned_dir
    return Returned(Folder(folder), desk.post.table) if folder else None


@asynccontextmanager
async def _publishing(desk: Desk) -> AsyncGenerator[None]:
    """Tell a message broker what happens, where the operator has one."""
    server = desk.settings.nats
    if server is None:
        yield
        return
    publisher = Publisher(EventStream(desk.pool, desk.clock, loops.NAME), JetStream(server))
    try:
        async with _task(loops.publish(publisher)):
            yield
    finally:
        await publisher.close()


def provider(desk: Desk) -> Router:
    """Who pays refunds out: the marketplace itself, for the means of payment that are set so, else the connection."""
    return Router(desk.connected, Host(desk.settings.pay_out_days, desk.paying_out.said))


@asynccontextmanager
async def attending(desk: Desk) -> AsyncGenerator[None]:
    """Say that people can reach us while the block runs; said once before it begins, so before anything lapses."""
    due = DueTable(desk.pool, desk.clock)
    await loops.attend_once(due)
    async with _task(loops.attend(due)):
        yield


async def check_demo(settings: Settings, dsn: str) -> None:
    """Refuse a demonstration on real data, where it would let anybody be anybody, and demo data without one.

    Raises SettingsError.
    """
    pool = await connect(dsn, size=1)
    try:
        pretended, empty = await pretence.pretends(pool), await Directory(pool).empty()
    except asyncpg.UndefinedTableError:
        return  # nothing is here yet; what is missing is said by who opens the desk
    finally:
        await _close(pool)
    if settings.demo and not pretended and not empty:
        raise SettingsError(
            phrased(
                "There is a marketplace here that is no demonstration, and --demo would let anybody in as "
                "anybody. Leave it out, or name another folder with --data."
            )
        )
    if pretended and not settings.demo:
        raise SettingsError(
            phrased(
                "The demo marketplace is here. Name another folder with --data for a real one, or go on with --demo."
            )
        )


async def open_demo(settings: Settings, dsn: str) -> int:
    """Fill an empty database with the demo marketplace; returns how many orders it got, 0 when it was not empty."""
    pool = await connect(dsn, size=1)
    try:
        if not await Directory(pool).empty():
            return 0
        await pretence.mark(pool)
    finally:
        await _close(pool)
    clock = HandClock(wall_clock())
    async with open_desk(settings, dsn, "", clock) as desk:
        opened_at, ground = wall_clock(), Ground(desk.engine, desk.directory, clock, desk)
        await reached.begin(desk)
        placed = await Opening(ground, desk.evidence).play(opened_at)
        placed += await advance.decide(desk, ground, opened_at)
        placed += await paid_out.play(ground, opened_at)
        placed += await accounts.play(desk, ground, opened_at)
        placed += await two_people.play(ground, opened_at)
        placed += await to_measure.play(ground, opened_at)
        placed += await sources.play(desk, opened_at)
        await told.play(desk)
        await talks.play(desk, ground, opened_at)
        await contact.play(desk, ground, opened_at)
        clock.set(opened_at)
        await reached.play(desk, opened_at)
        await kept_views.play(desk, opened_at)
        await programs.play(desk, opened_at)
        await open_policies(desk.drafting, opened_at)
        await say_a_day(desk.book, opened_at)
        await staff.play(desk)
        return placed


def make_app(desk: Desk) -> ASGIApp:
    """The web application: pages and API over one desk."""
    return api.before(routes.over(desk), desk)


@asynccontextmanager
async def _task(work: Coroutine[None, None, None]) -> AsyncGenerator[None]:
    """Run a coroutine beside the block and end it with the block; if it fails, the failure is not lost."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _close(pool: asyncpg.Pool) -> None:
    try:
        await asyncio.wait_for(pool.close(), 3)
    except TimeoutError:
        pool.terminate()

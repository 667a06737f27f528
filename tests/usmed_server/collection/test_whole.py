"""Collections between whole hospitals: nothing lost, nothing doubled, nothing claimed too early."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from tests.usmed_server.federation import (
    BIRTH,
    PATIENT_NUMBER,
    PERSON,
    STRANGER_CNP,
    federation,
)
from usmed_client.protocol.collections import Outcome, SiteState
from usmed_client.protocol.identity import Identity
from usmed_server.demo.faults import Fault

pytestmark = pytest.mark.slow


@pytest.mark.expects_log_warnings  # the directory's, whose long poll is broken off at the end
def test_three_hospitals_and_the_relay(tmp_path: Path) -> None:
    """Everything arrives once under the local number; asked again nothing comes twice."""

    async def run() -> None:
        async with federation(tmp_path, 4, relayed=(3,)) as fed:
            fed[2].put(tmp_path, [f"1.2.2.{n}" for n in range(40)], study="1.2.2")
            fed[3].put(tmp_path, [f"1.2.3.{n}" for n in range(5)], study="1.2.3", size=600_000)
            await fed.known()
            first = await fed.request("a")
            report = await fed.until(first, Outcome.COMPLETE)
            states = {site.site: site.state for site in report.sites}
            assert states == {
                "hospital-2": SiteState.COMMITTED,
                "hospital-3": SiteState.COMMITTED,
                "hospital-4": SiteState.NO_DATA,
            }
            assert report.answered == 3
            wanted = sorted(
                [(f"1.2.2.{n}", PATIENT_NUMBER) for n in range(40)]
                + [(f"1.2.3.{n}", PATIENT_NUMBER) for n in range(5)]
            )
            assert fed[1].counted() == wanted
            assert fed[1].files() == 45
            assert await fed.request("a") == first  # the same request is the same collection
            # Our copies have other bytes than their originals: nobody may take them for news.
            second = await fed.request("b")
            await fed.until(second, Outcome.COMPLETE)
            assert fed[1].counted() == wanted
            assert fed[1].files() == 45
            assert fed[1].quarantine() == []
            # What a site got since is fetched when somebody asks anew.
            third = await fed.request()
            await fed.until(third, Outcome.COMPLETE)
            fed[2].put(tmp_path, ["1.2.2.900"], study="1.2.2")
            assert await fed.request() == third
            await fed.until(
                third, lambda r: r.outcome is Outcome.COMPLETE and len(fed[1].counted()) == 46
            )

    asyncio.run(run())


def test_a_copy_at_a_third_site_is_no_other_content(tmp_path: Path) -> None:
    """Hospital 1 collects, then hospital 2 collects from 1 and 3: no alarm for refiled copies."""

    async def run() -> None:
        async with federation(tmp_path, 3) as fed:
            fed[3].put(tmp_path, ["1.2.3.1"], study="1.2.3")
            await fed.known()
            await fed.until(await fed.request(), Outcome.COMPLETE)
            fed.hospitals.reverse()
            fed.hospitals[:2] = fed.hospitals[1::-1]  # 2 asks now; 3 and 1 are asked
            report = await fed.until(await fed.request(), Outcome.COMPLETE)
            states = {site.site: site.state for site in report.sites}
            assert states == {
                "hospital-1": SiteState.NO_DATA, "hospital-3": SiteState.COMMITTED,
            }  # fmt: skip
            assert [uid for uid, _ in fed[1].counted()] == ["1.2.3.1"]
            assert fed[1].quarantine() == []

    asyncio.run(run())


def test_nothing_only_when_all_have_answered(tmp_path: Path) -> None:
    """A silent site is told; "nothing" is said when it has come back and has nothing."""

    async def run() -> None:
        async with federation(tmp_path, 3) as fed:
            await fed.known()
            await fed[3].stop()
            collection = await fed.request()
            report = await fed.until(collection, Outcome.PARTIAL)
            assert [site.site for site in report.silent] == ["hospital-3"]
            assert report.answered == 1
            silent = report.silent[0]
            assert silent.state is SiteState.RETRY_AT
            assert silent.reason == "unreachable"
            assert silent.retry_at is not None
            await fed[3].start()
            assert (await fed.call("POST", f"/v1/collections/{collection}/retry")).is_success
            report = await fed.until(collection, Outcome.NOTHING)
            assert report.silent == ()

    asyncio.run(run())


def test_two_of_six_die_and_one_comes_back(tmp_path: Path) -> None:
    """PARTIAL with what the others have, then healed; counted at the PACS."""

    async def run() -> None:
        cut = Fault("cut", 700_000)  # dies in its first chunk, as often as it is asked
        async with federation(tmp_path, 6, faults={5: cut, 6: cut}) as fed:
            for number in range(2, 7):
                uids = [f"1.2.{number}.{n}" for n in range(8)]
                fed[number].put(tmp_path, uids, study=f"1.2.{number}", size=400_000)
            await fed.known()
            collection = await fed.request()

            def dying(report) -> bool:
                lost = [s for s in report.sites if s.state is SiteState.RETRY_AT]
                return report.outcome is Outcome.PARTIAL and len(lost) == 2

            report = await fed.until(collection, dying)
            assert [s.site for s in report.sites if s.state is SiteState.COMMITTED] == [
                "hospital-2", "hospital-3", "hospital-4",
            ]  # fmt: skip
            fed[5].proxy._fault = Fault()
            await fed[6].stop()
            report = await fed.until(collection, lambda r: r.sites[3].state is SiteState.COMMITTED)
            assert report.outcome is Outcome.PARTIAL
            fed[6].proxy._fault = Fault()
            await fed[6].start()
            assert (await fed.call("POST", f"/v1/collections/{collection}/retry")).is_success
            await fed.until(collection, Outcome.COMPLETE)
            wanted = sorted(f"1.2.{number}.{n}" for number in range(2, 7) for n in range(8))
            assert [uid for uid, _ in fed[1].counted()] == wanted
            assert fed[1].files() == len(wanted)
            assert fed[1].quarantine() == []

    asyncio.run(run())


def test_wrong_patients_and_other_content_are_set_aside(tmp_path: Path) -> None:
    """The stranger in the middle of a study is kept out, the rest arrives, and it is told."""

    async def run() -> None:
        async with federation(tmp_path, 3) as fed:
            fed[2].put(tmp_path, ["1.2.2.1"], study="1.2.2")
            fed[2].put(
                tmp_path, ["1.2.2.2"], study="1.2.2", PatientName="Tănase^Ana", cnp=STRANGER_CNP,
                PatientBirthDate="19711102", PatientSex="F",
            )  # fmt: skip
            fed[2].put(tmp_path, ["1.2.2.3"], study="1.2.2")
            fed[1].put(tmp_path, ["1.2.3.1"], study="1.2.3", StudyDescription="ours")
            fed[3].put(tmp_path, ["1.2.3.1", "1.2.3.2"], study="1.2.3")
            before = fed[1].hashes()
            await fed.known()
            collection = await fed.request()
            report = await fed.until(collection, Outcome.PARTIAL)
            assert [(s.state, s.reason) for s in report.sites] == [
                (SiteState.FAILED, "another_patient"), (SiteState.FAILED, "content_differs"),
            ]  # fmt: skip
            assert fed[1].quarantine() == [
                ("1.2.2.2", "another_patient"), ("1.2.3.1", "content_differs"),
            ]  # fmt: skip
            here = [uid for uid, _ in fed[1].counted()]
            assert here == ["1.2.2.1", "1.2.2.3", "1.2.3.1", "1.2.3.2"]
            assert fed[1].hashes()["1.2.3.1"] == before["1.2.3.1"]
            metrics = (await fed.call("GET", "/metrics")).text
            assert 'usmed_alarms_total{code="another_patient"}' in metrics
            # A retry asks again and neither lets the stranger in nor writes it down twice.
            await fed.call("POST", f"/v1/collections/{collection}/retry")
            await asyncio.sleep(0.5)
            await fed.until(collection, Outcome.PARTIAL)
            assert len(fed[1].quarantine()) == 2
            assert [uid for uid, _ in fed[1].counted()] == here

    asyncio.run(run())


def test_possible_matches_wait_for_a_person(tmp_path: Path) -> None:
    """Without a number that both know nobody is sure; a decision lets the images through."""

    async def run() -> None:
        async with federation(tmp_path, 2) as fed:
            fed[2].put(tmp_path, ["1.2.2.1"], study="1.2.2", cnp="none")
            await fed.known()
            identity = Identity(
                family_name="Stefanescu", given_name="Marin", birth_date=BIRTH, sex="M"
            )
            collection = await fed.request(identity=identity)
            report = await fed.until(collection, Outcome.PARTIAL)
            assert report.sites[0].state is SiteState.AMBIGUOUS
            assert fed[1].counted() == []
            await decide(fed, same=True)
            await fed.call("POST", f"/v1/collections/{collection}/retry")
            await fed.until(collection, Outcome.COMPLETE)
            assert len(fed[1].counted()) == 1

    asyncio.run(run())


async def decide(fed, *, same: bool) -> None:
    """As the person at hospital 2."""
    from tests.usmed_server.federation import Federation

    there = Federation(fed.folder, fed.authority, fed.hospitals[1:], fed.context)
    reviews = (await there.call("GET", "/v1/reviews")).json()
    assert len(reviews) == 1
    from usmed_client.protocol.studies import ReviewDecision

    answer = await there.call("POST", f"/v1/reviews/{reviews[0]['id']}", ReviewDecision(same=same))
    assert answer.status_code == 204


def test_an_expired_certificate_counts_as_silence(tmp_path: Path) -> None:
    """Nothing is taken from it, and nobody says that there is nothing."""

    async def run() -> None:
        async with federation(tmp_path, 2, lifetimes={2: timedelta(minutes=30)}) as fed:
            fed[2].put(tmp_path, ["1.2.2.1"], study="1.2.2")
            await asyncio.sleep(1)
            report = await fed.until(await fed.request(), Outcome.PARTIAL)
            assert [site.site for site in report.silent] == ["hospital-2"]
            assert fed[1].counted() == []

    asyncio.run(run())


def test_cancelled_and_taken_up_again(tmp_path: Path) -> None:
    """What arrived stays; asked again it goes on to the end."""

    async def run() -> None:
        slow = Fault("slow", 1_500_000)
        async with federation(tmp_path, 2, faults={2: slow}) as fed:
            uids = [f"1.2.2.{n}" for n in range(10)]
            fed[2].put(tmp_path, uids, study="1.2.2", size=500_000)
            await fed.known()
            collection = await fed.request()
            await fed.until(collection, lambda r: r.sites[0].state is SiteState.TRANSFERRING)
            assert (await fed.call("POST", f"/v1/collections/{collection}/cancel")).is_success
            assert (await fed.report(collection)).outcome is Outcome.CANCELLED
            assert await fed.request() == collection
            fed[2].proxy._fault = Fault()
            await fed.until(collection, Outcome.COMPLETE)
            assert [uid for uid, _ in fed[1].counted()] == sorted(uids)

    asyncio.run(run())


def test_a_full_disk_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No room is told, nothing is half there, and it goes on when there is room."""
    from usmed_server.gateway.collection import site as collecting

    async def run() -> None:
        async with federation(tmp_path, 2) as fed:
            fed[2].put(tmp_path, ["1.2.2.1"], study="1.2.2")
            await fed.known()
            with monkeypatch.context() as patched:
                patched.setattr(collecting, "free_bytes", lambda _folder: 1000)
                collection = await fed.request()
                report = await fed.until(collection, Outcome.PARTIAL)
                assert (report.sites[0].state, report.sites[0].reason) == (
                    SiteState.RETRY_AT, "disk_full",
                )  # fmt: skip
                assert fed[1].counted() == []
            await fed.until(collection, Outcome.COMPLETE)
            assert len(fed[1].counted()) == 1

    asyncio.run(run())


def test_closed_doors_move_nothing(tmp_path: Path) -> None:
    """The configuration that ships releases nothing, and says why."""

    async def run() -> None:
        async with federation(tmp_path, 2) as fed:
            fed[2].put(tmp_path, ["1.2.2.1"], study="1.2.2")
            await fed[1].stop()
            fed[1].settings = fed[1].settings.model_copy(update={"doors": "closed"})
            await fed[1].start()
            await fed.known()
            report = await fed.until(await fed.request(identity=PERSON), Outcome.PARTIAL)
            assert (report.sites[0].state, report.sites[0].reason) == (
                SiteState.REFUSED, "no_release_authority",
            )  # fmt: skip
            assert fed[1].counted() == []

    asyncio.run(run())

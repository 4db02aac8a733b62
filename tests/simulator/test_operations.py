"""Looking into collections and changing them: ls, stat, mkdir, rename, endpoints."""

from __future__ import annotations

import os
from typing import Any

import globus_sdk
import pytest

from tests.simulator.bench import ARCHIVE, RIG, Bench


def names(bench: Bench, path: str = "/", **parameters: Any) -> list[str]:
    return [entry["name"] for entry in bench.client.operation_ls(RIG, path=path, **parameters)]


def refused(ask: Any) -> tuple[int, str | None]:
    with pytest.raises(globus_sdk.TransferAPIError) as caught:
        ask()
    return caught.value.http_status, caught.value.code


@pytest.fixture
def files(bench: Bench) -> Bench:
    bench.write("one.bin", b"1")
    bench.write("two.meta", b"22")
    bench.write("THREE.bin", b"333")
    bench.write(".hidden", b"")
    bench.write("folder/inside.bin", b"inside")
    os.utime(bench.source / "one.bin", (1_000_000_000, 1_000_000_000))
    return bench


def test_folders_come_first_and_everything_by_its_name(files: Bench) -> None:
    assert names(files) == ["folder", ".hidden", "THREE.bin", "one.bin", "two.meta"]
    assert names(files, show_hidden=False) == ["folder", "THREE.bin", "one.bin", "two.meta"]


def test_the_path_of_a_listing_ends_in_a_slash(files: Bench) -> None:
    for path in ("/folder", "/folder/", "folder", "/~/folder", "~/folder"):
        assert files.client.operation_ls(RIG, path=path)["path"] == "/folder/"
    assert files.client.operation_ls(RIG)["path"] == "/"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"name": "~*.bin"}, ["one.bin", "THREE.bin"]),
        ({"name": "!~*.bin"}, ["folder", ".hidden", "two.meta"]),
        ({"name": "=one.bin"}, ["one.bin"]),
        ({"name": "one.bin"}, ["one.bin"]),
        ({"name": "!one.bin"}, ["folder", ".hidden", "two.meta", "THREE.bin"]),
        ({"name": ["one.bin", "two.meta"]}, ["one.bin", "two.meta"]),
        ({"type": "dir"}, ["folder"]),
        ({"type": "file", "size": ">1"}, ["two.meta", "THREE.bin"]),
        ({"type": "file", "size": "<=1"}, ["one.bin", ".hidden"]),
        ({"last_modified": ",2002-01-01"}, ["one.bin"]),
        ([{"type": "dir"}, {"name": "~*.meta"}], ["folder", "two.meta"]),
    ],
    ids=str,
)
def test_listings_are_filtered(files: Bench, wanted: Any, found: list[str]) -> None:
    assert sorted(names(files, filter=wanted)) == sorted(found)


def test_listings_are_ordered_and_cut(files: Bench) -> None:
    only_files = {"type": "file"}
    by_size = ["THREE.bin", "two.meta", "one.bin", ".hidden"]
    assert names(files, filter=only_files, orderby="size DESC") == by_size
    assert names(files, filter=only_files, orderby=["size DESC"], limit=2) == by_size[:2]
    assert names(files, filter=only_files, orderby="size DESC", limit=2, offset=3) == by_size[3:]
    page = files.client.operation_ls(RIG, limit=2).data
    assert (page["length"], page["total"]) == (2, 5)


@pytest.mark.parametrize("parameters", [{"orderby": "colour"}, {"filter": "x:y"}, {"limit": -1}])
def test_a_listing_that_makes_no_sense_is_refused(files: Bench, parameters: Any) -> None:
    assert refused(lambda: names(files, **parameters)) == (400, "ClientError.BadRequest")


def test_a_folder_with_too_many_entries_is_not_listed(files: Bench) -> None:
    files.globus.settings.listing_limit = 4
    assert refused(lambda: names(files)) == (502, "ExternalError.DirListingFailed.SizeLimit")


def test_what_is_not_there_or_no_folder_cannot_be_listed(files: Bench) -> None:
    assert refused(lambda: names(files, "/absent")) == (404, "ClientError.NotFound")
    not_a_folder = (502, "ExternalError.DirListingFailed.NotDirectory")
    assert refused(lambda: names(files, "/one.bin")) == not_a_folder
    outside = (502, "ExternalError.DirListingFailed.PermissionDenied")
    assert refused(lambda: names(files, "/folder/../..")) == outside


def test_links_are_shown_as_what_they_lead_to(files: Bench) -> None:
    (files.source / "good").symlink_to("one.bin")
    (files.source / "broken").symlink_to("nowhere")
    listing = {entry["name"]: entry for entry in files.client.operation_ls(RIG)}
    assert (listing["good"]["type"], listing["good"]["size"]) == ("file", 1)
    assert listing["good"]["link_target"] == "one.bin"
    assert listing["broken"]["type"] == "invalid_symlink"


def test_a_pipe_is_called_a_pipe(files: Bench) -> None:
    os.mkfifo(files.source / "queue")
    assert files.client.operation_stat(RIG, "/queue")["type"] == "pipe"


def test_a_name_that_is_not_unicode_is_shown_with_replacements(bench: Bench) -> None:
    (bench.source / os.fsdecode(b"caf\xe9")).write_bytes(b"")
    assert names(bench) == ["caf\ufffd"]


def test_stat_knows_folders_and_the_top(files: Bench) -> None:
    assert files.client.operation_stat(RIG, "/folder/")["name"] == "folder"
    assert files.client.operation_stat(RIG, "/")["type"] == "dir"
    assert refused(lambda: files.client.operation_stat(RIG, "/one.bin/x")) == (404, "NotFound")


def test_a_folder_that_exists_cannot_be_made(files: Bench) -> None:
    def make(path: str) -> Any:
        return files.client.operation_mkdir(RIG, path)

    assert refused(lambda: make("/folder")) == (502, "ExternalError.MkdirFailed.Exists")
    assert refused(lambda: make("/absent/below")) == (502, "ExternalError.MkdirFailed")
    assert refused(lambda: make("/../outside")) == (403, "EndpointPermissionDenied")


def test_renaming_never_replaces(files: Bench) -> None:
    def rename(old: str, new: str) -> Any:
        return files.client.operation_rename(RIG, old, new)

    exists = (502, "ExternalError.RenameFailed.Exists")
    assert refused(lambda: rename("/one.bin", "/two.meta")) == exists
    assert refused(lambda: rename("/absent", "/x")) == (404, "ClientError.NotFound")
    rename("/one.bin", "/folder/moved.bin")
    assert (files.source / "folder" / "moved.bin").read_bytes() == b"1"


def test_an_unknown_collection_is_not_found(bench: Bench) -> None:
    unknown = "99999999-9999-4999-8999-999999999999"
    assert refused(lambda: bench.client.get_endpoint(unknown)) == (404, "EndpointNotFound")
    assert refused(lambda: bench.client.operation_ls(unknown)) == (404, "EndpointNotFound")


def test_a_collection_says_what_it_is(bench: Bench) -> None:
    document = bench.client.get_endpoint(RIG)
    assert document["entity_type"] == "GCP_mapped_collection"
    assert (document["is_globus_connect"], document["gcp_connected"]) == (True, True)
    bench.globus.switch(ARCHIVE, disable_verify=True, high_assurance=True)
    archive = bench.client.get_endpoint(ARCHIVE)
    assert (archive["disable_verify"], archive["high_assurance"]) == (True, True)
    assert archive["authentication_timeout_mins"] > 0


def test_a_collection_that_disables_verification_has_its_way(bench: Bench) -> None:
    bench.globus.switch(ARCHIVE, disable_verify=True)
    task = bench.ended(bench.submit(bench.write("a.bin"), verify_checksum=True))
    assert task["verify_checksum"] is False


def test_collections_are_found_by_words(bench: Bench) -> None:
    bench.globus.switch(ARCHIVE, display_name="The Big Archive")

    def found(**filters: Any) -> list[str]:
        return [one["id"] for one in bench.client.endpoint_search(**filters)]

    assert found(filter_fulltext="big archive") == [ARCHIVE]
    assert found(filter_fulltext="nothing like it") == []
    assert set(found(filter_scope="my-endpoints")) == {RIG, ARCHIVE}
    assert found(filter_scope="my-endpoints", filter_entity_type="GCSv5_mapped_collection") == []
    assert bench.client.endpoint_search(filter_scope="my-endpoints", limit=1)["has_next_page"]

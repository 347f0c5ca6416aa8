"""A list as a file from the command line, and the record of who took it."""

import subprocess
import sys

from cli.test_administration import rescind

__all__ = ["rescind"]


def test_a_list_is_written_to_a_file_and_nothing_over_one(rescind, tmp_path):
    shop = rescind("shop", "add", "=Kiln & Co")
    rescind("shop", "add", "Blue Lantern")
    file = tmp_path / "shops.csv"
    told = ("export", "shops", "--filter", "text=kiln", "--column", "shop_id", "--column", "name")
    assert rescind(*told, str(file)) == f"Wrote {file}. Rows: 1."
    assert file.read_bytes().decode("utf-8-sig") == f"name,shop_id\r\n'=Kiln & Co,{shop}\r\n"
    assert "is there already" in rescind(*told, str(file), status=2)
    book = tmp_path / "shops.xlsx"
    assert rescind("export", "shops", str(book)) == f"Wrote {book}. Rows: 2."
    assert book.read_bytes().startswith(b"PK")
    piped = subprocess.run(
        [sys.executable, "-m", "rescind", *told, "-"],
        env=rescind.environ,
        capture_output=True,
        check=True,
        cwd=tmp_path,
    )
    assert piped.stdout == file.read_bytes(), "nothing but the list stands on standard output"
    assert not (tmp_path / "-").exists()
    assert "nowhere/x.csv cannot be written: No such file or directory." in rescind(*told, "nowhere/x.csv", status=2)
    other = str(tmp_path / "other.csv")
    assert "There are: orders, requests, refunds, messages, shops" in rescind("export", "nobody", other, status=2)
    assert "There are: text, sort" in rescind("export", "shops", "--filter", "colour=red", other, status=2)
    assert "one of: name, newest" in rescind("export", "shops", "--filter", "sort=colour", other, status=2)
    assert not (tmp_path / "other.csv").exists()

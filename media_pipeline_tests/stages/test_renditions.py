"""Renditions: made once for each content and recipe, originals untouched."""

from __future__ import annotations

from PIL import Image

from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import Library, picture, tweet


def test_each_picture_gets_an_optimized_rendition_and_a_thumbnail(library: Library, host: FaultyHost) -> None:
    library.land("a.json", [tweet(1, host.serve("/a.jpg", picture(1, 2400, 1200)))])
    report = library.run()["make_renditions"]
    rows = library.rows("SELECT kind, width, height, mime_type, local_path, file_size FROM renditions ORDER BY kind")
    assert [row[:4] for row in rows] == [
        ("optimized", 1920, 960, "image/jpeg"),
        ("thumbnail", 300, 300, "image/webp"),
    ]
    for _kind, width, height, _mime, path, size in rows:
        with Image.open(library.storage / path) as made:
            assert made.size == (width, height)
        assert (library.storage / path).stat().st_size == size
    assert report.numbers["optimized"] == report.numbers["thumbnails"] == 1
    assert report.numbers["bytes_saved"] == len(picture(1, 2400, 1200)) - rows[0][5]
    assert "data:image/" in report.markdown["contact_sheet"]


def test_the_same_content_is_rendered_once(library: Library, host: FaultyHost) -> None:
    library.land("a.json", [tweet(n, host.serve(f"/{n}.jpg", picture(0))) for n in range(4)])
    library.run()
    assert len(library.rows("SELECT * FROM renditions")) == 2


def test_originals_are_never_touched(library: Library, host: FaultyHost) -> None:
    library.land("a.json", [tweet(1, host.serve("/a.jpg", picture(1)))])
    library.run()
    (original,) = library.files()
    assert original.read_bytes() == picture(1)


def test_another_recipe_makes_new_renditions_beside_the_old(library: Library, host: FaultyHost) -> None:
    library.land("a.json", [tweet(1, host.serve("/a.jpg", picture(1)))])
    library.run()
    library.with_settings(media_jpeg_quality=70).run()
    recipes = library.rows("SELECT recipe FROM renditions WHERE kind = 'optimized' ORDER BY 1")
    assert recipes == [("optimized-1920-q70-v1",), ("optimized-1920-q85-v1",)]


def test_batches_of_any_size_render_everything_once(library: Library, host: FaultyHost) -> None:
    library.land("a.json", [tweet(n, host.serve(f"/{n}.jpg", picture(n))) for n in range(11)])
    library.with_settings(media_batch_size=2).run()
    assert library.rows("SELECT kind, count(*) FROM renditions GROUP BY kind") == [("optimized", 11), ("thumbnail", 11)]

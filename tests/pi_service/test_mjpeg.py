from __future__ import annotations

from pi_service.stream.mjpeg import MjpegParser

END = b"\xff\xd9"


def test_whole_pictures_come_out_with_their_size(jpeg: bytes) -> None:
    pictures = MjpegParser().feed(jpeg + jpeg, now=1.0)

    assert [picture.image for picture in pictures] == [jpeg, jpeg]
    assert (pictures[0].width, pictures[0].height) == (64, 48)


def test_it_does_not_matter_how_the_bytes_are_cut(jpeg: bytes) -> None:
    parser = MjpegParser()

    pictures = [picture for byte in jpeg * 2 for picture in parser.feed(bytes([byte]), now=1.0)]

    assert [picture.image for picture in pictures] == [jpeg, jpeg]
    assert (parser.torn, parser.corrupt) == (0, 0)


def test_a_picture_is_dated_by_its_first_byte(jpeg: bytes) -> None:
    parser = MjpegParser()
    parser.feed(jpeg[:100], now=10.0)

    (picture,) = parser.feed(jpeg[100:], now=12.0)

    assert picture.received_at == 10.0


def test_a_picture_behind_another_in_one_read_is_dated_by_that_read(jpeg: bytes) -> None:
    parser = MjpegParser()
    parser.feed(jpeg + jpeg[:10], now=10.0)

    (picture,) = parser.feed(jpeg[10:], now=11.0)

    assert picture.received_at == 10.0


def test_a_torn_frame_is_counted_and_never_published(jpeg: bytes) -> None:
    parser = MjpegParser()
    headers_only = jpeg[: jpeg.index(b"\xff\xda")]

    pictures = parser.feed(headers_only + jpeg, now=1.0)

    assert [picture.image for picture in pictures] == [jpeg]
    assert (parser.torn, parser.corrupt) == (1, 0)


def test_a_picture_torn_in_its_scan_is_counted_and_the_next_one_is_whole(jpeg: bytes) -> None:
    parser = MjpegParser()

    pictures = parser.feed(jpeg[:-40] + jpeg, now=1.0)

    assert [picture.image for picture in pictures] == [jpeg]
    assert parser.torn == 1


def test_what_is_left_when_the_stream_ends_is_torn(jpeg: bytes) -> None:
    parser = MjpegParser()
    assert parser.feed(jpeg[:-1], now=1.0) == []

    parser.finish()

    assert parser.torn == 1
    assert len(parser.feed(jpeg, now=2.0)) == 1


def test_an_end_marker_inside_a_segment_does_not_end_the_picture(jpeg: bytes) -> None:
    thumbnail = b"\xff\xd8" + END
    comment = b"\xff\xfe" + (2 + len(thumbnail)).to_bytes(2, "big") + thumbnail
    picture_with_thumbnail = jpeg[:2] + comment + jpeg[2:]

    (picture,) = MjpegParser().feed(picture_with_thumbnail, now=1.0)

    assert picture.image == picture_with_thumbnail


def test_fill_bytes_before_a_marker_are_allowed(jpeg: bytes) -> None:
    filled = jpeg[:2] + b"\xff\xff" + jpeg[2:]

    assert [picture.image for picture in MjpegParser().feed(filled, now=1.0)] == [filled]


def test_a_wrong_marker_is_counted_as_corrupt_and_dropped(jpeg: bytes) -> None:
    parser = MjpegParser()
    damaged = bytearray(jpeg)
    damaged[2:4] = b"\x12\x34"

    pictures = parser.feed(bytes(damaged) + jpeg, now=1.0)

    assert [picture.image for picture in pictures] == [jpeg]
    assert (parser.torn, parser.corrupt) == (0, 1)


def test_a_picture_without_a_scan_or_without_a_size_is_corrupt(jpeg: bytes) -> None:
    parser = MjpegParser()
    size = jpeg.index(b"\xff\xc0") + 5

    assert parser.feed(jpeg[:2] + END, now=1.0) == []
    assert parser.feed(jpeg[:size] + bytes(4) + jpeg[size + 4 :], now=1.0) == []

    assert parser.corrupt == 2


def test_junk_between_pictures_is_counted_once_however_long_it_is(jpeg: bytes) -> None:
    parser = MjpegParser()

    for _ in range(5):
        parser.feed(b"no picture at all", now=1.0)
    pictures = parser.feed(jpeg, now=2.0)

    assert len(pictures) == 1
    assert parser.corrupt == 1


def test_a_picture_that_never_ends_does_not_fill_the_memory(jpeg: bytes) -> None:
    parser = MjpegParser(largest_bytes=10_000)
    scan = jpeg.index(b"\xff\xda") + 40

    parser.feed(jpeg[:scan], now=1.0)
    for _ in range(20):
        parser.feed(bytes(1000), now=1.0)

    assert parser.corrupt >= 1
    assert len(parser.feed(jpeg, now=2.0)) == 1

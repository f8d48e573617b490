"""Only JSON that has one meaning is read, quickly whatever it is, and a refusal repeats nothing."""

import json
import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.documents import json_places, strict_json
from app.documents.strict_json import DEEPEST, parse_json
from app.errors import JsonRefused

whole = st.integers(-(10**15) + 1, 10**15 - 1)
fractions = st.floats(-1e14, 1e14).map(lambda x: round(x, 3))
text = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=10)
leaves = st.none() | st.booleans() | whole | fractions | text
values = st.recursive(leaves, lambda v: st.lists(v, max_size=4) | st.dictionaries(text, v, max_size=4))


@given(values, st.booleans(), st.sampled_from([None, 2]))
def test_ordinary_json_is_read_as_it_is(value: Any, ascii_only: bool, indent: int | None) -> None:
    """Whatever Python writes, compact or indented, escaped or not, is read back."""
    written = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert parse_json(written.encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """Random bytes never raise anything but the refusal; what is read means the same to Python's own reader."""
    try:
        read = parse_json(body)
    except JsonRefused:
        return
    assert read == json.loads(body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"canary": NaN}',
        b"[Infinity]",
        b"[-Infinity]",
        b"[1e999]",
        b"[-1e999]",
        b"[1000000000000000]",
        b"[-1000000000000000]",
        b"[" + b"9" * 5_000 + b"]",
        b"[0." + b"1" * 5_000 + b"]",
        b'{"canary": 1, "canary": 1}',
        b'{"a": 1, "\\u0061": 2}',
        b'{"x": {"canary": 1, "canary": 2}}',
        b'["\\ud800canary"]',
        b'["\\udc00"]',
        b'{"\\ud800": 1}',
        b'["\\udc00\\ud800"]',
        b'["canary\\u0000"]',
        b'["\x00"]',
        b"\xff\xfe[\x001\x00]\x00",
        b'["caf\xe9 canary"]',
        b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1),
        b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1),
        b"[" * 1_000_000,
        b"",
        b" ",
        b"canary",
        b"[1,]",
        b'{"a":1,}',
        b"{'canary': 1}",
        b"[1] [2]",
        b"[01]",
        b"[+1]",
        b"[.5]",
        b"[1.]",
        b'["\\x41"]',
        b'["a\nb"]',
        b"// canary\n[1]",
    ],
)
def test_what_has_no_one_meaning_is_refused(body: bytes) -> None:
    """Each oddity is refused with a cure, and the refusal names nothing of the text."""
    with pytest.raises(JsonRefused) as caught:
        parse_json(body)
    (problem,) = caught.value.problems
    assert problem.field == "body"
    assert problem.cure
    assert "canary" not in f"{problem} {caught.value} {caught.value.__cause__}"


ROWS = ['{"canary": [{"a": "\\\\\\"}, ]{", "b": {"c": [1, 2]}}]}', *['{"a": "\\u017c", "b": 2.5e3}'] * 3]
"""The beginning of an inventory: four rows, with brackets in strings and commas in rows."""


def refused_in_row_4(row: str, around: tuple[str, str]) -> str:
    """What is said of an inventory whose fifth line and fifth row is this one."""
    body = ",\n".join([f"{around[0]}[{ROWS[0]}", *ROWS[1:], row]) + f"]{around[1]}"
    with pytest.raises(JsonRefused) as caught:
        parse_json(body.encode(errors="surrogateescape"))
    (problem,) = caught.value.problems
    assert "canary" not in f"{problem}"
    return problem.problem


AROUND = [('{"canary": ', "}"), ("", ""), ("\ufeff", "")]


@pytest.mark.parametrize("around", AROUND, ids=["in a field", "bare", "with a byte order mark"])
@pytest.mark.parametrize(
    "row",
    [
        '{"\u017c": @NaN}',
        '{"canary": [-1.5e3, @-Infinity]}',
        '{"canary": @1e999}',
        '{"canary": @-1234567890123456}',
        '{"canary": {"x": 1, "y": ["canary", "canary"], @"x": 2}}',
        '{"a": "canary", @"\\u0061": {"canary": 1}}',
        '{"canary": "\\ud83d\\ude00", "b": @"canary\\ud800"}',
        '{"canary": 1, @"canary\\u0000": 1}',
        '{"canary": 1,@, "b": 2}',
        '{"canary": "\u017c@\udcff"}',
        "{" + ", ".join(f'"k{n}": "canary"' for n in range(200)) + ', @"canary": 1}',
    ],
)
def test_where_it_stands_is_told(row: str, around: tuple[str, str]) -> None:
    """The line, the column and the row of whatever is refused, so that it is found among thousands of homes."""
    told = refused_in_row_4(row.replace("@", ""), around)
    assert told.endswith(f" at line 5, column {row.index('@') + 1}, in row 4 (the first is row 0).")


@pytest.mark.parametrize(("around", "within"), list(zip(AROUND, (3, 2, 2), strict=True)))
def test_where_it_is_too_deep_is_told(around: tuple[str, str], within: int) -> None:
    """The bracket that is one too many."""
    row = '{"canary\\\\": ' + "[" * (DEEPEST - within)
    told = refused_in_row_4(row + "[[[", around)
    assert told.endswith(f" at line 5, column {len(row) + 1}, in row 4 (the first is row 0).")


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
def test_rows_are_counted_across_pieces(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the text is cut to be looked at makes no difference to the row."""
    monkeypatch.setattr(json_places, "PIECE", size)
    with pytest.raises(JsonRefused) as caught:
        parse_json(('{"a": [1, 2], "homes": [' + ",".join(ROWS) + ",NaN]}").encode())
    assert ", in row 4 (" in caught.value.problems[0].problem


@pytest.mark.parametrize("body", [b'{"a": [1, 2], "b": NaN}', b"NaN", b'{"a": {"b": [1, NaN]}}'])
def test_outside_of_a_list_no_row_is_told(body: bytes) -> None:
    """A body that is no list of rows has lines and columns alone."""
    with pytest.raises(JsonRefused) as caught:
        parse_json(body)
    assert " at line 1, column " in caught.value.problems[0].problem
    assert "row" not in caught.value.problems[0].problem


def test_what_is_just_allowed() -> None:
    """The deepest nesting, the largest number, a byte order mark, a whole surrogate pair, brackets in text."""
    assert parse_json(b"[" * DEEPEST + b"]" * DEEPEST)
    assert parse_json(b"[999999999999999, -999999999999999]") == [999_999_999_999_999, -999_999_999_999_999]
    assert parse_json(b"\xef\xbb\xbf[1]") == [1]
    assert parse_json(b'["\\ud83d\\ude00"]') == ["\N{GRINNING FACE}"]
    assert parse_json(b'["' + b"[" * 1_000 + b'"]') == ["[" * 1_000]
    assert parse_json(b"[" + b"[]," * 1_000 + b"[]]")


@pytest.mark.parametrize("piece", [b'\\"', b'"', b'"\\', b"[", b"{", b"\\u"])
def test_no_text_takes_long(piece: bytes) -> None:
    """A megabyte of quotation marks and escapes in any order is refused in time that grows with its length.

    Not a measurement: a reader that looked back for each of them would take hours.
    """
    began = time.monotonic()
    with pytest.raises(JsonRefused):
        parse_json(piece * (1_000_000 // len(piece)))
    with pytest.raises(JsonRefused):
        parse_json(b'"' + piece * (1_000_000 // len(piece)))
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("piece", [b'"""', b'"\\"', b"[", b"[[],", b'"\\\\"', b"\\"])
def test_refusing_takes_little_memory(piece: bytes) -> None:
    """Whatever large text is refused for its structure, looking at it takes a few times its size, no more."""
    body = piece * (6_000_000 // len(piece))
    tracemalloc.start()
    with pytest.raises(JsonRefused):
        parse_json(body)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8 * len(body)


@pytest.mark.parametrize("value", [b"0", b"{}", b'""', b"[]"])
def test_more_values_than_any_inventory_are_refused(value: bytes) -> None:
    """A body of many millions of tiny values is refused before it becomes gigabytes of them."""
    with pytest.raises(JsonRefused) as caught:
        parse_json(b"[" + (value + b",") * 6_000_000 + value + b"]")
    assert "more values" in caught.value.problems[0].problem


def test_structure_is_seen_across_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the text is cut to be looked at makes no difference: strings and brackets go on."""
    deep = b"[" * DEEPEST + b'"' + b"[" * 50 + b'\\"[\\\\",1' + b"]" * DEEPEST
    for size in range(1, 40):
        monkeypatch.setattr(strict_json, "PIECE", size)
        parse_json(deep)
        with pytest.raises(JsonRefused):
            parse_json(b"[" + deep + b"]")


def table(count: int) -> str:
    """An object with so many members."""
    return json.dumps({f"H-{n}": n for n in range(count)})


@pytest.mark.parametrize("count", [1, 200, 201, 10_000])
def test_a_table_may_be_as_long_as_is_documented(count: int) -> None:
    """Reserve prices of many homes are one object with a member for each."""
    body = f'{{"home_prices": {table(count)}, "frontier": true}}'
    assert len(parse_json(body.encode())["home_prices"]) == count


@pytest.mark.parametrize(
    "body",
    [
        f'{{"home_prices": {table(10_001)}}}',
        f'{{"other": {table(201)}}}',
        f'[{{"home_prices": {table(201)}}}]',
        f'{{"home_prices": [{table(201)}]}}',
        f'{{"home_prices": {table(201)}, "other": {table(201)}}}',
        f'{{"other": {table(201)}, "home_prices": {table(201)}}}',
        f'{{"x": {{"home_prices": {table(201)}}}}}',
        table(201),
    ],
)
def test_nothing_else_may_be_as_long(body: str) -> None:
    """The guard stands for everything but that one field of the body itself."""
    with pytest.raises(JsonRefused, match=r"^") as caught:
        parse_json(body.encode())
    assert "more than 200 members" in caught.value.problems[0].problem


@pytest.mark.parametrize("other", [f'"other": {table(201)}', f'"a": {{"b": {table(201)}}}'])
def test_where_the_wrong_table_stands_is_told(other: str) -> None:
    """And not where the right one does."""
    body = f'{{"home_prices": {table(201)},\n{other}}}'
    with pytest.raises(JsonRefused) as caught:
        parse_json(body.encode())
    assert f"line 2, column {other.index(chr(34) + 'H-200') + 1}." in caught.value.problems[0].problem

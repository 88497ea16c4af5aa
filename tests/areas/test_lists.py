import codecs
import gzip

import pytest

from grid.areas.lists import ListError, read_list

HEADER = "code,name,level,parent_code\n"
GOOD = (
    "320000000000,江苏省,province,\n"
    "320800000000,淮安市,city,320000000000\n"
    "320812000000,清江浦区,county,320800000000\n"
    "320812001000,长东街道,street,320812000000\n"
    "320812001001,花街社区,community,320812001000\n"
)


@pytest.fixture
def read(tmp_path):
    def _read(text: str | bytes, name: str = "list.csv", **options):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_list(path, **options)

    return _read


def lines_of(found) -> list[tuple[int, str]]:
    return [(problem.line, problem.message) for problem in found.problems]


def test_a_good_list_is_read_whole(read):
    found = read(HEADER + GOOD)

    assert found.problems == []
    assert [row.code for row in found.rows][-1] == "320812001001"
    assert [row.level.tier for row in found.rows] == [None, None, "district", "street", "community"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("32081200100,x,community,320812001000", "code: 32081200100 has 11 digits"),
        ("3208120010029,x,community,320812001000", "code: 3208120010029 has 13 digits"),
        ("32081200100x,x,community,320812001000", "characters that are not digits"),
        ("３２０８１２００１００２,x,community,320812001000", "characters that are not digits"),
        (",x,community,320812001000", "code: is empty"),
        ("320812002001,x,street,320812000000", "code: 320812002001 is not that of a street"),
        ("320812001001,x,community,320812001000", "code: 320812001001 stands on line 6 already"),
        ("320812001002,,community,320812001000", "name: is empty"),
        ("320812001002,   ,community,320812001000", "name: is empty"),
        ("320812001002,a\x07b,community,320812001000", "characters that are not text"),
        (f"320812001002,{'长' * 101},community,320812001000", "name: is longer than 100"),
        ("320812001002,x,village,320812001000", "level: 'village' is none of"),
        ("320812001002,x,community,320812001002", "parent_code: 320812001002 is its own parent"),
        ("320812001002,x,community,", "parent_code: is empty"),
        ("320812001002,x,community,320800000000", "cannot stand directly under a city"),
        ("320812002000,x,street,320812001001", "level: a street cannot stand under a community"),
        ("320812002000,x,street,320812001000", "level: a street cannot stand under a street"),
        ("320813001000,x,street,320812000000", "code: 320813001000 does not begin with 320812"),
        ("320812002001,x,community,320812001000", "code: 320812002001 does not begin with 320812001"),
        ("320812001002,x,community", "has 3 columns instead of 4"),
        ("320812001002,x,community,320812001000,y", "has 5 columns instead of 4"),
    ],
)
def test_a_bad_row_is_named_with_its_line(read, row, message):
    found = read(HEADER + GOOD + row + "\n")

    assert [line for line, _ in lines_of(found)] == [7]
    assert message in found.problems[0].message


def test_every_bad_row_is_named_in_the_order_of_the_lines(read):
    bad = [
        "320812001002,,community,320812001000",
        "",
        "abc,x,street,320812000000",
        "320812003000,,street,320812003000",
    ]

    found = read(HEADER + GOOD + "\n".join(bad) + "\n")

    assert [line for line, _ in lines_of(found)] == [7, 9, 10, 10]


def test_an_unknown_parent_is_left_for_the_tree_to_judge(read):
    found = read(HEADER + GOOD + "320812009001,x,community,320812009000\n")

    assert [row.line for row in found.unknown_parents] == [7]


def test_a_parent_may_come_after_its_children(read):
    rows = GOOD.splitlines(keepends=True)

    assert read(HEADER + "".join(reversed(rows))).problems == []


def test_a_community_may_stand_directly_under_a_district(read):
    assert read(HEADER + GOOD + "320812500001,x,community,320812000000\n").problems == []


def test_grids_and_buildings_can_be_listed_too(read):
    more = "320812001001001,第一网格,grid,320812001001\n32081200100100100001,1号楼,building,320812001001001\n"

    assert read(HEADER + GOOD + more).problems == []


@pytest.mark.parametrize("missing", ["code", "name", "level", "parent_code"])
def test_a_missing_column_is_named(read, missing):
    header = ",".join("x" if column == missing else column for column in HEADER.strip().split(","))

    found = read(f"{header}\n{GOOD}")

    assert lines_of(found) == [
        (1, f"the header lacks {missing}; it needs code, name, level, parent_code"),
    ]


@pytest.mark.parametrize("text", ["", HEADER, "\n\n"])
def test_an_empty_list_is_refused(read, text):
    assert read(text).problems


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_the_encodings_that_offices_use_are_read(read, encoding):
    found = read((HEADER + GOOD).encode(encoding))

    assert found.problems == []
    assert found.rows[-1].name == "花街社区"


def test_a_broken_byte_is_named_with_its_line_and_does_not_turn_the_list_into_nonsense(read):
    data = (HEADER + GOOD).encode()

    found = read(data.replace("长东".encode(), b"\xe9\x95\xe4\xb8\x9c"))

    assert lines_of(found) == [(5, "is not UTF-8 text")]
    assert found.rows[2].name == "清江浦区"


def test_a_gzipped_list_is_known_by_its_content(read):
    assert read(gzip.compress(codecs.BOM_UTF8 + (HEADER + GOOD).encode())).problems == []


def test_a_broken_gzip_or_a_missing_file_says_so(read, tmp_path):
    with pytest.raises(ListError, match="cannot be read"):
        read(gzip.compress((HEADER + GOOD).encode())[:-20])
    with pytest.raises(ListError, match="cannot be read"):
        read_list(tmp_path / "nothing.csv")


def test_windows_lines_and_quoted_names_are_read(read):
    found = read((HEADER + GOOD).replace("花街社区", '"花街,社区"').replace("\n", "\r\n"))

    assert found.problems == []
    assert found.rows[-1].name == "花街,社区"


def test_an_open_quote_is_named(read):
    assert "is not CSV" in lines_of(read(HEADER + GOOD + '320812001002,"x,community,320812001000'))[0][1]


def test_english_names_come_from_the_file_beside_unless_the_list_has_its_own(read, tmp_path):
    names = tmp_path / "names.csv"
    names.write_text("code,name_en\n320812001001,Huajie Community\n320812001000,Changdong\n")
    own = HEADER.replace("\n", ",name_en\n") + "".join(
        line + (",Own name\n" if line.startswith("320812001000") else ",\n") for line in GOOD.splitlines()
    )

    found = read(own, names_en=names)

    assert [row.name_en for row in found.rows][-2:] == ["Own name", "Huajie Community"]

"""What shipped people and assumptions are called; and what rules go by in a member's life."""

from apps.language import language
from apps.views.members import _in_language, _rule
from apps.world_said import assumptions_called, people_called

ZH, EN = language("zh-Hant"), language("en")


def test_people_and_assumptions_are_called_by_their_titles_in_chinese() -> None:
    assert people_called("department_store_twd", ZH) == "臺灣百貨公司"
    assert assumptions_called("central", ZH) == "中央反應"


def test_they_keep_the_names_that_commands_want_in_english() -> None:
    assert people_called("department_store_twd", EN) == "department_store_twd"
    assert assumptions_called("central", EN) == "central"


def test_a_file_of_ones_own_goes_by_its_name() -> None:
    assert people_called("mine.yaml", ZH) == assumptions_called("mine.yaml", ZH) == "mine.yaml"


def test_rules_go_by_their_titles_and_campaigns_by_their_names() -> None:
    assert _rule("redemption.money_off", ZH) == "折抵消費"
    assert _rule("earn.bonuses.birthday", ZH) == "birthday"
    assert _rule("redemption.money_off", EN) == "money off"


def test_a_sum_is_said_in_the_language_of_the_page() -> None:
    words = "1,200 / 100 = 12; 3 kept | at most 10 points per day, 4 left: 12 -> 4"
    assert _in_language(words, ZH) == "1,200 / 100 = 12; 3 保留; 每日至多 10 點，尚餘 4 點：12 -> 4"
    assert _in_language(words, EN) == words.replace(" | ", "; ")
    assert (
        _in_language("earns nothing: 80 eligible is less than the least order of 100", ZH)
        == "不累點：可累點金額 80 低於最低訂單金額 100"
    )

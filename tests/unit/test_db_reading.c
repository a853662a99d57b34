/* How names are read: what is typed and what is written meet, in kanji, kana, romaji and with accents. */
#include <locale.h>
#include <string.h>

#include "db/reading.h"

static void
folds(const char *text, const char *wanted)
{
    g_autofree char *folded = db_reading_fold(text), *again = db_reading_fold(folded);
    g_test_message("%s", text);
    g_assert_cmpstr(folded, ==, wanted);
    g_assert_cmpstr(again, ==, folded);
}

static void
kana_are_one(void)
{
    static const char *const same[][2] = {
        { "キョウト", "きょうと" }, { "ｷｮｳﾄ", "きょうと" }, { "ｶﾞｸｹﾞｲ", "がくげい" }, { "パピプペポ", "ぱぴぷぺぽ" }, { "ﾊﾟﾋﾟﾌﾟ", "ぱぴぷ" },
        { "コンピューター", "こんぴゅた" }, { "コンピュータ", "こんぴゅた" }, { "か\u3099", "が" }, { "ヴァ", "ゔぁ" },
        { "霞ヶ関", "霞け関" }, { "霞ケ関", "霞け関" }, { "一ヵ所", "一か所" }, { "ヽヾ", "ゝゞ" }
    };
    for (size_t i = 0; i < G_N_ELEMENTS(same); i++) folds(same[i][0], same[i][1]);
}

static void
kanji_of_then_and_now_are_one(void)
{
    static const char *const same[][2] = {
        { "國學院大學", "国学院大学" }, { "慶應義塾", "慶応義塾" }, { "東京藝術大学", "東京芸術大学" }, { "龍谷大学", "竜谷大学" },
        { "髙﨑", "高崎" }, { "大澤", "大沢" }, { "齋藤", "斎藤" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(same); i++) folds(same[i][0], same[i][1]);
}

static void
letters_lose_case_width_and_accents(void)
{
    static const char *const same[][2] = {
        { "KYOTO", "kyoto" }, { "Ｋｙｏｔｏ", "kyoto" }, { "Kyōto", "kyoto" }, { "Kyo\u0304to", "kyoto" }, { "Universität", "universitat" },
        { "Øresund ǿ ǽ", "oresund o ae" }, { "Łódź", "lodz" }, { "Straße", "strasse" }, { "Æbelø", "aebelo" }, { "École Nationale", "ecole nationale" },
        { "İstanbul", "istanbul" }, { "Ελλάς", "ελλασ" }, { "①②", "12" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(same); i++) folds(same[i][0], same[i][1]);
}

static void
marks_part_words_or_vanish(void)
{
    static const char *const same[][2] = {
        { "St. Mary's (Tokyo)", "st marys tokyo" }, { "テンプル・ユニバーシティ", "てんぷる ゆにばしてぃ" }, { "a　b", "a b" }, { "  a \t\n b  ", "a b" },
        { "kyoto-u.ac.jp", "kyoto-u.ac.jp" }, { "me@kyoto-u.ac.jp", "me@kyoto-u.ac.jp" }, { "end.", "end" }, { "- a -", "a" }, { "「鏡」", "鏡" },
        { "", "" }, { "…", "" }, { "a|b;c%d_e\\f", "a b c d e f" }, { "\xff\xfe", "" }, { "kyoto\u2010u", "kyoto-u" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(same); i++) folds(same[i][0], same[i][1]);
}

/* Both spellings lead to one romanised form. */
static void
readings_and_romaji_meet(void)
{
    static const char *const pairs[][2] = {
        { "きょうと", "kyoto" },     { "とうきょう", "tokyo" },    { "とうきょう", "toukyou" },  { "おおさか", "osaka" },     { "こうべ", "kobe" },
        { "しんじゅく", "shinjuku" }, { "しんじゅく", "sinzyuku" }, { "つくば", "tsukuba" },      { "つくば", "tukuba" },      { "ちば", "tiba" },
        { "ふくい", "hukui" },       { "ぐんま", "gunma" },        { "ぐんま", "gumma" },        { "なんば", "namba" },       { "さっぽろ", "sapporo" },
        { "まっちゃ", "maccha" },    { "まっちゃ", "matcha" },     { "いっち", "itchi" },        { "いっち", "itti" },        { "けいおう", "keio" },
        { "りゅうこく", "ryukoku" }, { "ちゅうおう", "chuo" },     { "ちゅうおう", "tyuuou" },   { "じょうち", "jochi" },     { "じょうち", "zyouti" },
        { "ふぁいる", "fairu" },     { "うぇぶ", "webu" },         { "しぇる", "sheru" },        { "ゔぃ", "vi" },            { "にいがた", "niigata" },
        { "ｷｬﾝﾊﾟｽ", "kyanpasu" },    { "キャンパス", "kyampasu" }, { "を", "o" },                { "ゐゑ", "ie" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_autofree char *a = db_reading_fold(pairs[i][0]), *b = db_reading_fold(pairs[i][1]);
        g_autofree char *kana = db_reading_roman(a), *roman = db_reading_roman(b);
        g_test_message("%s %s", pairs[i][0], pairs[i][1]);
        g_assert_cmpstr(kana, ==, roman);
    }
}

static void
what_is_searched_has_every_name_and_word_once(void)
{
    const char *const names[] = { "Kyoto University", "京都大学", "KYOTO  university", "", "京都大学", NULL };
    g_autofree char *text = db_reading_text(names, "きょうと kyoto-u.ac.jp kyoto-u.ac.jp");
    g_assert_cmpstr(text, ==, "| kyoto university | kyoto univershity | 京都大学 ; きょうと kyoto-u.ac.jp"); /* kyoto is there */
    const char *const none[] = { NULL };
    g_autofree char *empty = db_reading_text(none, "");
    g_assert_cmpstr(empty, ==, ";");
}

static void
a_query_becomes_patterns(void)
{
    g_auto(DbReadingQuery) q = { 0 };
    db_reading_query("Kyōto-Daigaku me@つくば.ac.jp", &q);
    g_autofree char *anywhere = g_strjoinv(" ", q.anywhere[0]), *roman = g_strjoinv(" ", q.anywhere[1]), *starts = g_strjoinv("/", q.starts[0]);
    g_assert_cmpstr(anywhere, ==, "%kyoto% %daigaku% %つくば.ac.jp%");
    g_assert_cmpstr(roman, ==, "%kyoto% %daigaku% %tsukuba.ac.jp%");
    g_assert_cmpstr(starts, ==, "% kyoto%/% daigaku%/% つくば.ac.jp%");
    g_assert_cmpstr(q.name[0], ==, "%| kyoto daigaku つくば.ac.jp%");
}

static void
a_query_is_bounded(void)
{
    g_autofree char *many = g_strnfill(5000, 'a');
    for (int i = 1; i < 5000; i += 2) many[i] = ' ';
    g_auto(DbReadingQuery) q = { 0 };
    db_reading_query(many, &q);
    g_assert_cmpint(g_strv_length(q.anywhere[0]), ==, 8);
    g_auto(DbReadingQuery) none = { 0 };
    db_reading_query(NULL, &none);
    g_assert_cmpint(g_strv_length(none.anywhere[0]), ==, 0);
    g_assert_cmpint(g_strv_length(none.starts[1]), ==, 0);
    g_assert_cmpstr(none.name[1], ==, "%| %");
}

int
main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/reading/kana are one", kana_are_one);
    g_test_add_func("/reading/kanji of then and now are one", kanji_of_then_and_now_are_one);
    g_test_add_func("/reading/letters lose case, width and accents", letters_lose_case_width_and_accents);
    g_test_add_func("/reading/marks part words or vanish", marks_part_words_or_vanish);
    g_test_add_func("/reading/readings and romaji meet", readings_and_romaji_meet);
    g_test_add_func("/reading/what is searched has every name and word once", what_is_searched_has_every_name_and_word_once);
    g_test_add_func("/reading/a query becomes patterns", a_query_becomes_patterns);
    g_test_add_func("/reading/a query is bounded", a_query_is_bounded);
    return g_test_run();
}

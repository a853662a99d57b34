#include "db/reading.h"

#include <string.h>

#define QUERY_LONGEST 200 /* bytes of a search that are looked at */
#define WORDS_MOST 8

/* --- folding -------------------------------------------------------------------------------------------------------------- */

/* Kanji that names write in an older or another form, each before the form of today. */
static const char older[] = "學学國国應応藝芸澤沢龍竜瀧滝濱浜邊辺邉辺齋斎齊斉惠恵眞真靜静圓円榮栄廣広德徳與与嶋島萬万禮礼寶宝豐豊佛仏獨独醫医經経濟済體体"
                            "藥薬鐵鉄圖図關関觀観豫予實実專専總総髙高﨑崎櫻桜澁渋莊荘淺浅縣県會会舊旧發発變変戰戦歷歴壽寿曾曽彌弥峯峰圀国臺台鹽塩爲為來来乘乗團団黑黒靑青橫横數数藏蔵";

/* Letters that have no decomposition. */
static const struct { gunichar letter; const char *plain; } letters[] = {
    { 0xf8, "o" },   { 0x142, "l" }, { 0x111, "d" }, { 0xe6, "ae" }, { 0x153, "oe" },
    { 0xf0, "d" },   { 0xfe, "th" }, { 0x131, "i" }, { 0x127, "h" },
};

static gunichar
younger(gunichar c)
{
    if (c < 0x4e00 || c > 0xfaff)
        return c;
    for (const char *p = older; *p != '\0'; p = g_utf8_next_char(g_utf8_next_char(p)))
        if (g_utf8_get_char(p) == c)
            return g_utf8_get_char(g_utf8_next_char(p));
    return c;
}

static gunichar
hiragana(gunichar c)
{
    if ((c >= 0x30a1 && c <= 0x30f6) || c == 0x30fd || c == 0x30fe)
        c -= 0x60;
    return c == 0x3095 ? 0x304b : c == 0x3096 ? 0x3051 : c; /* 霞ヶ丘 is also written 霞ケ丘 */
}

static gboolean
has_accents(gunichar c)
{
    return c >= 0x80 && (g_unichar_get_script(c) == G_UNICODE_SCRIPT_LATIN || g_unichar_get_script(c) == G_UNICODE_SCRIPT_GREEK);
}

static void
append_letter(GString *out, gunichar c)
{
    gunichar parts[G_UNICHAR_MAX_DECOMPOSITION_LENGTH];
    if (has_accents(c) && g_unichar_fully_decompose(c, FALSE, parts, G_N_ELEMENTS(parts)) > 0)
        c = parts[0];
    for (gsize i = 0; i < G_N_ELEMENTS(letters); i++)
        if (letters[i].letter == c) {
            g_string_append(out, letters[i].plain);
            return;
        }
    g_string_append_unichar(out, younger(hiragana(c)));
}

static gboolean
is_word(gunichar c)
{
    return g_unichar_isalnum(c) || g_unichar_ismark(c);
}

static gboolean
is_dropped(gunichar c)
{
    return c == 0x30fc || c == '\'' || c == 0x2019 || c == 0x2bc || c == 0x2bb || c == '`' || (c >= 0x300 && c <= 0x36f);
}

/* '.', '-' and '@' stay where they stand between letters: they are of a domain or an address. */
static gboolean
joins(gunichar c, const char *next, const GString *out, gboolean gap)
{
    return (c == '.' || c == '-' || c == '@') && !gap && out->len > 0 && is_word(g_utf8_get_char(next));
}

char *
db_reading_fold(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autofree char *composed = g_utf8_normalize(valid, -1, G_NORMALIZE_ALL_COMPOSE);
    g_autofree char *folded = g_utf8_casefold(composed, -1);
    GString *out = g_string_new(NULL);
    gboolean gap = FALSE;
    for (const char *p = folded; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (c == 0x2010 || c == 0x2011 || c == 0x2212)
            c = '-';
        if (is_dropped(c))
            continue;
        if (!is_word(c) && !joins(c, g_utf8_next_char(p), out, gap)) {
            gap = TRUE;
            continue;
        }
        if (gap && out->len > 0)
            g_string_append_c(out, ' ');
        append_letter(out, c);
        gap = FALSE;
    }
    return g_string_free(out, FALSE);
}

/* --- romanising ----------------------------------------------------------------------------------------------------------- */

#define KANA_FIRST 0x3041
#define KANA_LAST 0x3096
#define SMALL_TSU 0x3063

static const char *const kana[KANA_LAST - KANA_FIRST + 1] = {
    "a", "a", "i", "i", "u", "u", "e", "e", "o", "o", "ka", "ga", "ki", "gi", "ku", "gu", "ke", "ge", "ko", "go",
    "sa", "za", "shi", "ji", "su", "zu", "se", "ze", "so", "zo", "ta", "da", "chi", "ji", "", "tsu", "zu", "te", "de", "to", "do",
    "na", "ni", "nu", "ne", "no", "ha", "ba", "pa", "hi", "bi", "pi", "fu", "bu", "pu", "he", "be", "pe", "ho", "bo", "po",
    "ma", "mi", "mu", "me", "mo", "ya", "ya", "yu", "yu", "yo", "yo", "ra", "ri", "ru", "re", "ro", "wa", "wa", "i", "e", "o", "n",
    "vu", "ka", "ke",
};

static const char *
sound(gunichar c)
{
    return c >= KANA_FIRST && c <= KANA_LAST ? kana[c - KANA_FIRST] : NULL;
}

/* The small kana after a syllable changes its vowel: き + ゃ = kya, し + ゃ = sha, ふ + ぁ = fa, う + ぃ = wi. */
static const char *
small_vowel(gunichar c, gboolean *palatal)
{
    static const struct { gunichar c; const char *vowel; gboolean palatal; } small[] = {
        { 0x3041, "a", FALSE }, { 0x3043, "i", FALSE }, { 0x3045, "u", FALSE }, { 0x3047, "e", FALSE }, { 0x3049, "o", FALSE },
        { 0x3083, "a", TRUE },  { 0x3085, "u", TRUE },  { 0x3087, "o", TRUE },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(small); i++)
        if (small[i].c == c) {
            *palatal = small[i].palatal;
            return small[i].vowel;
        }
    return NULL;
}

static void
append_syllable(GString *out, const char *syllable, const char *vowel, gboolean palatal)
{
    size_t n = strlen(syllable);
    if (vowel == NULL || n == 0) {
        g_string_append(out, syllable);
        return;
    }
    g_string_append_len(out, syllable, (gssize)n - 1);
    if (n == 1)
        g_string_append_c(out, syllable[0] == 'u' ? 'w' : 'y');
    else if (palatal && syllable[n - 2] != 'h' && syllable[n - 2] != 'j')
        g_string_append_c(out, 'y');
    g_string_append(out, vowel);
}

static char *
spell_kana(const char *folded)
{
    GString *out = g_string_new(NULL);
    gboolean doubled = FALSE;
    for (const char *p = folded; *p != '\0';) {
        gunichar c = g_utf8_get_char(p);
        const char *syllable = sound(c), *next = g_utf8_next_char(p);
        gboolean palatal = FALSE;
        if (syllable == NULL) {
            g_string_append_unichar(out, c);
        } else {
            const char *vowel = syllable[0] != '\0' ? small_vowel(g_utf8_get_char(next), &palatal) : NULL;
            if (doubled && strchr("aiueon", syllable[0]) == NULL)
                g_string_append_c(out, syllable[0]);
            append_syllable(out, syllable, vowel, palatal);
            next = vowel != NULL ? g_utf8_next_char(next) : next;
        }
        doubled = c == SMALL_TSU;
        p = next;
    }
    return g_string_free(out, FALSE);
}

/* Spellings of one sound; the longer stand first. Those that stay as they are keep their tail out of the shorter ones' reach. */
static const struct { const char *from, *to; } spellings[] = {
    { "tch", "cch" }, { "tya", "cha" }, { "tyu", "chu" }, { "tyo", "cho" }, { "sya", "sha" }, { "syu", "shu" }, { "syo", "sho" },
    { "zya", "ja" },    { "zyu", "ju" },  { "zyo", "jo" },  { "jya", "ja" },  { "jyu", "ju" },  { "jyo", "jo" },  { "tti", "cchi" },
    { "sh", "sh" },     { "ch", "ch" },   { "ts", "ts" },   { "th", "th" },   { "si", "shi" },  { "ti", "chi" },  { "tu", "tsu" },
    { "hu", "fu" },     { "zi", "ji" },   { "mb", "nb" },   { "mp", "np" },   { "mm", "nm" },
};

static gsize
respell(const char *p, GString *out)
{
    for (gsize i = 0; i < G_N_ELEMENTS(spellings); i++)
        if (g_str_has_prefix(p, spellings[i].from)) {
            g_string_append(out, spellings[i].to);
            return strlen(spellings[i].from);
        }
    g_string_append_c(out, *p);
    return 1;
}

/* Is this vowel the second half of a long one, as in ou, oo, uu? */
static gboolean
lengthens(const GString *out, char c)
{
    char last = out->len > 0 ? out->str[out->len - 1] : '\0';
    return (last == 'o' && (c == 'o' || c == 'u')) || (last == 'u' && c == 'u');
}

char *
db_reading_roman(const char *folded)
{
    g_autofree char *spelt = spell_kana(folded);
    GString *out = g_string_new(NULL);
    for (const char *p = spelt; *p != '\0';) {
        if (lengthens(out, *p))
            p++;
        else
            p += respell(p, out);
    }
    return g_string_free(out, FALSE);
}

/* --- what is searched ----------------------------------------------------------------------------------------------------- */

/* TEXT after "| ", unless it is there. */
static void
append_name(GString *out, const char *text)
{
    g_autofree char *entry = g_strconcat("| ", text, " ", NULL);
    if (*text != '\0' && strstr(out->str, entry) == NULL)
        g_string_append(out, entry);
}

/* Those words of ROMAN that are not in the text already. */
static void
append_words(GString *out, const char *roman)
{
    g_auto(GStrv) words = g_strsplit(roman, " ", -1);
    for (char **word = words; *word != NULL; word++) {
        g_autofree char *entry = g_strconcat(" ", *word, " ", NULL);
        if (**word != '\0' && strstr(out->str, entry) == NULL)
            g_string_append(out, entry + 1);
    }
}

char *
db_reading_text(const char *const *names, const char *rest)
{
    GString *out = g_string_new(NULL);
    for (const char *const *name = names; *name != NULL; name++) {
        g_autofree char *folded = db_reading_fold(*name);
        g_autofree char *roman = db_reading_roman(folded);
        append_name(out, folded);
        append_name(out, roman);
    }
    g_autofree char *folded = db_reading_fold(rest);
    g_autofree char *roman = db_reading_roman(folded);
    g_string_append(out, "; ");
    append_words(out, folded);
    append_words(out, roman);
    return g_strchomp(g_string_free(out, FALSE));
}

/* --- what is looked for --------------------------------------------------------------------------------------------------- */

/* BEFORE WORD "%", LIKE's own signs in WORD made harmless. */
static char *
pattern(const char *before, const char *word)
{
    GString *out = g_string_new(before);
    for (const char *p = word; *p != '\0'; p++) {
        if (strchr("%_\\", *p) != NULL)
            g_string_append_c(out, '\\');
        g_string_append_c(out, *p);
    }
    g_string_append_c(out, '%');
    return g_string_free(out, FALSE);
}

/* Of an address its domain; a word with a hyphen and no dot is two words, as in a name. */
static void
add_words(GPtrArray *words, const char *text)
{
    const char *at = strrchr(text, '@');
    g_autofree char *word = g_strdup(at != NULL ? at + 1 : text);
    if (strchr(word, '.') == NULL)
        g_strdelimit(word, "-", ' ');
    g_auto(GStrv) parts = g_strsplit(word, " ", -1);
    for (char **part = parts; *part != NULL; part++)
        if (**part != '\0' && words->len < WORDS_MOST)
            g_ptr_array_add(words, g_strdup(*part));
}

static void
make_patterns(DbReadingQuery *out, int form, char **words)
{
    g_autofree char *whole = g_strjoinv(" ", words);
    g_autoptr(GStrvBuilder) anywhere = g_strv_builder_new(), starts = g_strv_builder_new();
    for (char **word = words; *word != NULL; word++) {
        g_autofree char *somewhere = pattern("%", *word), *start = pattern("% ", *word);
        g_strv_builder_add(anywhere, somewhere);
        g_strv_builder_add(starts, start);
    }
    out->anywhere[form] = g_strv_builder_end(anywhere);
    out->starts[form] = g_strv_builder_end(starts);
    out->name[form] = pattern("%| ", whole);
}

void
db_reading_query(const char *query, DbReadingQuery *out)
{
    g_autofree char *some = g_strndup(query != NULL ? query : "", QUERY_LONGEST);
    g_autofree char *folded = db_reading_fold(some);
    g_auto(GStrv) typed = g_strsplit(folded, " ", -1);
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free), romans = g_ptr_array_new_with_free_func(g_free);
    for (char **word = typed; *word != NULL; word++)
        add_words(words, *word);
    for (guint i = 0; i < words->len; i++)
        g_ptr_array_add(romans, db_reading_roman(words->pdata[i]));
    g_ptr_array_add(words, NULL);
    g_ptr_array_add(romans, NULL);
    make_patterns(out, 0, (char **)words->pdata);
    make_patterns(out, 1, (char **)romans->pdata);
}

void
db_reading_query_clear(DbReadingQuery *query)
{
    for (int form = 0; form < 2; form++) {
        g_clear_pointer(&query->anywhere[form], g_strfreev);
        g_clear_pointer(&query->starts[form], g_strfreev);
        g_clear_pointer(&query->name[form], g_free);
    }
}

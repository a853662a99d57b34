/*
 * db/reading: how names are read, so that a search finds them however they are typed. Text in, text out; nothing else.
 *
 * Two forms. The folded one: compatibility-composed (NFKC), case-folded, accents and macrons dropped, katakana as hiragana, the
 * long vowel mark dropped, older kanji as today's (國學 as 国学), punctuation as spaces, words parted by one space. The
 * romanised one, made of a folded one: kana as Hepburn, then spellings of one sound made one (si and shi, tu and tsu, ou and oo
 * as o, m before b and p as n). The romanised form is compared only with another one: nobody reads it.
 */
#ifndef DB_READING_H
#define DB_READING_H

#include <glib.h>

/* The folded form of TEXT (any bytes). */
char *db_reading_fold(const char *text) G_GNUC_WARN_UNUSED_RESULT;
/* The romanised form of a folded text. */
char *db_reading_roman(const char *folded) G_GNUC_WARN_UNUSED_RESULT;

/*
 * What a search looks at: each of NAMES (NULL-terminated; "" and repeats are left out) after "| ", then "; " and the words of REST
 * (each once), all of it folded, and romanised where that differs. Every word stands after a space.
 */
char *db_reading_text(const char *const *names, const char *rest) G_GNUC_WARN_UNUSED_RESULT;

/* A query as patterns for LIKE over such a text: a text matches where all patterns of one form do. */
typedef struct {
    char **anywhere[2]; /* folded, romanised: each word somewhere */
    char **starts[2];   /* each word at the start of one */
    char *name[2];      /* the whole at the start of a name */
} DbReadingQuery;
/* At most 200 bytes of QUERY (NULL: "") and eight words count. Of a mail address, its domain. An empty query matches all. */
void db_reading_query(const char *query, DbReadingQuery *out);
void db_reading_query_clear(DbReadingQuery *query);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DbReadingQuery, db_reading_query_clear)

#endif

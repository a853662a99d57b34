#include "ra/letter.h"

#include <string.h>

#include "ca/cms.h"
#include "ca/crypto.h"
#include "ra/error.h"

#define LINE_MOST 76        /* RFC 2047 2: of a header line with an encoded-word; RFC 2045 6.8: of base64 */
#define WORD_MOST 75        /* RFC 2047 2: of one encoded-word */
#define WORD_FRAME 12       /* =?UTF-8?B? and ?= */
#define ADDRESS_MOST 254    /* RFC 5321 4.5.3.1.3 */

/* --- headers -------------------------------------------------------------------------------------------------------------- */

static gboolean
is_plain(const char *text)
{
    for (const char *c = text; *c; c++)
        if (*c < 0x20 || *c > 0x7e)
            return FALSE;
    return strstr(text, "=?") == NULL; /* would be read as encoded */
}

/* How many bytes of TEXT, whole characters, fit into an encoded-word that may have ROOM columns. */
static size_t
fitting(const char *text, size_t room)
{
    size_t most = room < WORD_FRAME + 4 ? 0 : (room - WORD_FRAME) / 4 * 3;
    size_t n = 0;
    for (const char *c = text; *c; c = g_utf8_next_char(c)) {
        size_t length = (size_t)(g_utf8_next_char(c) - c);
        if (n + length > most)
            break;
        n += length;
    }
    return n;
}

static void
append_word(GString *out, const char *text, size_t n)
{
    g_autofree char *encoded = g_base64_encode((const guchar *)text, n);
    g_string_append_printf(out, "=?UTF-8?B?%s?=", encoded);
}

/* RFC 2047 5: encoded-words that belong together are parted by folding space, which readers drop. */
static char *
encode_words(const char *text, size_t first)
{
    GString *out = g_string_new(NULL);
    size_t room = first < LINE_MOST ? MIN((size_t)WORD_MOST, LINE_MOST - first) : 0;
    while (*text) {
        size_t n = fitting(text, room);
        if (n > 0)
            append_word(out, text, n);
        text += n;
        if (*text)
            g_string_append(out, "\r\n ");
        room = WORD_MOST;
    }
    return g_string_free(out, FALSE);
}

/* Plain text is folded before a word that would pass the line. */
static char *
fold(const char *text, size_t first)
{
    GString *out = g_string_new(NULL);
    size_t column = first;
    while (*text) {
        size_t n = strspn(text, " ");
        n += strcspn(text + n, " ");
        if (*text == ' ' && column > 1 && column + n > LINE_MOST && strspn(text, " ") < n) {
            g_string_append(out, "\r\n");
            column = 0;
        }
        g_string_append_len(out, text, (gssize)n);
        column += n;
        text += n;
    }
    return g_string_free(out, FALSE);
}

char *
ra_letter_encode(const char *text, size_t first)
{
    return is_plain(text) ? fold(text, first) : encode_words(text, first);
}

/* RFC 5322 3.2.4: a name of plain characters as a quoted-string. */
static char *
phrase(const char *name, size_t first)
{
    if (!is_plain(name))
        return encode_words(name, first);
    GString *out = g_string_new("\"");
    for (const char *c = name; *c; c++) {
        if (*c == '"' || *c == '\\')
            g_string_append_c(out, '\\');
        g_string_append_c(out, *c);
    }
    g_string_append_c(out, '"');
    return g_string_free(out, FALSE);
}

gboolean
ra_letter_address_ok(const char *address)
{
    const char *at = strchr(address, '@');
    if (!at || at == address || !at[1] || strchr(at + 1, '@') || strlen(address) > ADDRESS_MOST)
        return FALSE;
    for (const char *c = address; *c; c++)
        if (*c <= 0x20 || *c > 0x7e || strchr("<>()[]\\,;:\"", *c))
            return FALSE;
    return TRUE;
}

static gboolean
one_line(const char *value)
{
    return value && g_utf8_validate(value, -1, NULL) && !strpbrk(value, "\r\n");
}

static gboolean
may_be_sent(const struct ra_letter *letter, GError **error)
{
    const struct { const char *what; gboolean ok; } checks[] = {
        { "sender", letter->from && ra_letter_address_ok(letter->from) },
        { "recipient", letter->to && ra_letter_address_ok(letter->to) },
        { "sender's name", one_line(letter->from_name) },
        { "subject", one_line(letter->subject) },
        { "Message-ID", letter->message_id && ra_letter_address_ok(letter->message_id) },
        { "event", one_line(letter->event) && is_plain(letter->event) },
        { "body", letter->body && g_utf8_validate(letter->body, -1, NULL) },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(checks); i++)
        if (!checks[i].ok) {
            g_set_error(error, RA_ERROR, RA_ERROR_INPUT, "letter: the %s cannot be sent", checks[i].what);
            return FALSE;
        }
    return TRUE;
}

/* RFC 5322 3.3, in English whatever the locale. */
static void
append_date(GString *out, gint64 seconds)
{
    static const char *const days[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    g_autoptr(GDateTime) t = g_date_time_new_from_unix_utc(seconds);
    g_string_append_printf(out, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n", days[g_date_time_get_day_of_week(t) - 1],
                           g_date_time_get_day_of_month(t), months[g_date_time_get_month(t) - 1], g_date_time_get_year(t),
                           g_date_time_get_hour(t), g_date_time_get_minute(t), g_date_time_get_second(t));
}

/* --- parts ---------------------------------------------------------------------------------------------------------------- */

/* Text that may hold a secret: room for everything from the start, so that it is never moved; wiped by its owner. */
struct room {
    char *text;
    size_t n, size;
};

static struct room
room_new(size_t size)
{
    return (struct room){ g_malloc0(size + 1), 0, size };
}

static void
put(struct room *room, const char *text)
{
    size_t n = strlen(text);
    g_assert(room->n + n <= room->size);
    memcpy(room->text + room->n, text, n + 1);
    room->n += n;
}

static size_t
room_for(size_t bytes)
{
    return (bytes / (LINE_MOST / 4 * 3) + 1) * (LINE_MOST + 2);
}

/* Base64 in lines, written where it stays. */
static void
put_base64(struct room *room, const void *bytes, size_t n)
{
    const size_t a_line = LINE_MOST / 4 * 3;
    g_assert(room->n + room_for(n) <= room->size);
    for (size_t done = 0; done < n; done += a_line) {
        int state = 0, save = 0;
        char *out = room->text + room->n;
        gsize length = g_base64_encode_step((const guchar *)bytes + done, MIN(a_line, n - done), FALSE, out, &state, &save);
        length += g_base64_encode_close(FALSE, out + length, &state, &save);
        room->n += length;
        room->text[room->n] = '\0';
        put(room, "\r\n");
    }
}

/* No line of base64 begins with two hyphens, so any word would do; the same mail sent again has the same one. */
static char *
boundary_of(const struct ra_letter *letter, const char *which)
{
    g_autofree char *seed = g_strconcat(which, letter->message_id, NULL);
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, seed, -1);
    return g_strdup_printf("--inkan-%.32s", sum);
}

static void
put_boundary(struct room *room, const char *boundary, gboolean last)
{
    put(room, "--");
    put(room, boundary);
    put(room, last ? "--\r\n" : "\r\n");
}

#define PLAIN "Content-Type: text/plain; charset=UTF-8\r\nContent-Language: ja, en\r\nContent-Transfer-Encoding: base64\r\n\r\n"
#define CALENDAR "Content-Type: text/calendar; charset=UTF-8; method=PUBLISH; name=reminder.ics\r\n" \
                 "Content-Disposition: attachment; filename=reminder.ics\r\nContent-Transfer-Encoding: base64\r\n\r\n"
#define SIGNATURE "Content-Type: application/pkcs7-signature; name=smime.p7s\r\n" \
                  "Content-Disposition: attachment; filename=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n\r\n"
#define FRAME 1024 /* bytes of boundaries and headers of parts, at most */

/* From Content-Type on: the words, and the calendar beside them. */
static struct room
content_of(const struct ra_letter *letter)
{
    size_t n = strlen(letter->body), more = letter->calendar ? strlen(letter->calendar) : 0;
    struct room room = room_new(room_for(n) + room_for(more) + FRAME);
    if (!letter->calendar) {
        put(&room, PLAIN);
        put_base64(&room, letter->body, n);
        return room;
    }
    g_autofree char *boundary = boundary_of(letter, "mixed");
    put(&room, "Content-Type: multipart/mixed; boundary=\"");
    put(&room, boundary);
    put(&room, "\"\r\n\r\n");
    put_boundary(&room, boundary, FALSE);
    put(&room, PLAIN);
    put_base64(&room, letter->body, n);
    put_boundary(&room, boundary, FALSE);
    put(&room, CALENDAR);
    put_base64(&room, letter->calendar, more);
    put_boundary(&room, boundary, TRUE);
    return room;
}

/* CONTENT with a signature beside it. */
static void
put_signed(struct room *room, const struct ra_letter *letter, const struct room *content, GBytes *signature)
{
    g_autofree char *boundary = boundary_of(letter, "signed");
    gsize n;
    const void *bytes = g_bytes_get_data(signature, &n);
    put(room, "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";\r\n micalg=sha-256; boundary=\"");
    put(room, boundary);
    put(room, "\"\r\n\r\n");
    put_boundary(room, boundary, FALSE);
    put(room, content->text);
    put(room, "\r\n"); /* belongs to the boundary, not to what is signed */
    put_boundary(room, boundary, FALSE);
    put(room, SIGNATURE);
    put_base64(room, bytes, n);
    put_boundary(room, boundary, TRUE);
}

static GString *
headers(const struct ra_letter *letter)
{
    g_autofree char *name = *letter->from_name ? phrase(letter->from_name, strlen("From: ")) : NULL;
    g_autofree char *subject = ra_letter_encode(letter->subject, strlen("Subject: "));
    GString *out = g_string_new(NULL);
    append_date(out, letter->date);
    g_string_append_printf(out, "From: %s%s<%s>\r\nTo: <%s>\r\n", name ? name : "", name ? "\r\n " : "", letter->from,
                           letter->to);
    g_string_append_printf(out, "Message-ID: <%s>\r\nSubject: %s\r\n", letter->message_id, subject);
    g_string_append_printf(out, "X-Inkan-Event: %s\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n", letter->event);
    return out;
}

static gboolean
is_signed(const struct ra_letter *letter)
{
    return letter->sign_key && *letter->sign_key && letter->sign_certificate && *letter->sign_certificate;
}

static GBytes *
signature_over(const struct ra_letter *letter, const struct room *content, GError **error)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(content->text, content->n);
    return ca_cms_sign_beside(bytes, letter->sign_key, letter->sign_certificate, letter->sign_at, error);
}

char *
ra_letter_compose(const struct ra_letter *letter, GError **error)
{
    if (!may_be_sent(letter, error))
        return NULL;
    struct room content = content_of(letter);
    g_autoptr(GBytes) signature = is_signed(letter) ? signature_over(letter, &content, error) : NULL;
    struct room whole = { 0 };
    if (signature || !is_signed(letter)) {
        g_autoptr(GString) head = headers(letter);
        whole = room_new(head->len + content.n + (signature ? room_for(g_bytes_get_size(signature)) : 0) + FRAME);
        put(&whole, head->str);
        if (signature)
            put_signed(&whole, letter, &content, signature);
        else
            put(&whole, content.text);
    }
    crypto_wipe(content.text, content.size);
    g_free(content.text);
    return whole.text;
}

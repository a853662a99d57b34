/* The signer, asked through its socket: what it signs, what it refuses, and that a certificate is a row before it is an answer. */
#include <fcntl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ca/certificate.h"
#include "ca/client.h"
#include "ca/key.h"
#include "ca/signer.h"
#include "ca/wire.h"
#include "db/log.h"
#include "db/pickup.h"
#include "db/request.h"
#include "ra/jobs.h"
#include "tests/integration/cluster_authority.h"

static World *world;
static Authority *authority;
static const char *signer_socket;

static GBytes *
new_csr(enum ca_key_kind kind)
{
    g_autoptr(Secret) key = ca_key_make(kind, NULL);
    return ca_csr_new(key, NULL);
}

static GBytes *
sign(gint64 number, const Secret *token, GBytes *csr)
{
    g_autoptr(GError) error = NULL;
    GBytes *der = ca_client_sign(signer_socket, number, secret_text(token), csr, &error);
    g_assert_no_error(error);
    return der;
}

static void
refused(gint64 number, const Secret *token, GBytes *csr, const char *word)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) der = ca_client_sign(signer_socket, number, secret_text(token), csr, &error);
    g_assert_null(der);
    g_assert_error(error, CA_ERROR, CA_ERROR_REFUSED);
    g_autofree char *got = ca_error_word(error);
    g_assert_cmpstr(got, ==, word);
}

static CaCertificateInfo *
read_der(GBytes *der)
{
    g_autoptr(GError) error = NULL;
    CaCertificateInfo *info = ca_certificate_read(g_bytes_get_data(der, NULL), g_bytes_get_size(der), &error);
    g_assert_no_error(error);
    return info;
}

/* A request that waits to be collected, its token, and a new key's CSR. */
struct waiting {
    gint64 number;
    Secret *token;
    GBytes *csr;
};

static struct waiting
ready_for(gint64 person, const char *type, gint64 months)
{
    struct waiting w = { .number = world_ready(world, person, type, months) };
    w.token = world_token(world, w.number);
    w.csr = new_csr(CA_KEY_P256);
    return w;
}

static struct waiting
ready(gint64 person, const char *type)
{
    return ready_for(person, type, 13);
}

static void
waiting_clear(struct waiting *w)
{
    secret_free(w->token);
    g_bytes_unref(w->csr);
}

/* 'Collected', as the portal would say it. */
static void
collect(gint64 number, const char *serial)
{
    g_autoptr(GError) error = NULL;
    const char *of_cycle = "from pickup k join request r on r.number = k.request and r.cycle = k.cycle where r.number = %N";
    g_autofree char *id = g_strconcat("select k.id ", of_cycle, NULL);
    g_autofree char *hash_sql = g_strconcat("select encode(k.pin_hash, 'hex') ", of_cycle, NULL);
    g_autofree char *hash = world_text(world, hash_sql, number);
    g_autoptr(GBytes) pin_hash = crypto_unhex(hash), p12 = g_bytes_new_static("p12", 3);
    const struct db_collect what = { .pickup = world_int(world, id, number), .pin_hash = pin_hash, .bytes = p12,
                                     .content_type = "application/x-pkcs12", .serial = serial, .actor = "holder" };
    g_autoptr(GBytes) counts = db_pickup_collect(world->portal->db, &what, &error);
    g_assert_no_error(error);
}

static void
step(gint64 number, const char *event, const char *detail)
{
    g_autoptr(GError) error = NULL;
    const struct db_step what = { .number = number, .event = event, .actor = "person:1", .address = "", .log_id = "", .detail = detail };
    g_autofree char *next = db_request_step(world->portal->db, &what, &error);
    g_assert_no_error(error);
}

/* --- what it signs -------------------------------------------------------------------------------------------------------------- */

static void
a_certificate_is_a_row_an_audit_event_and_a_line_of_the_log(void)
{
    struct waiting w = ready(world->person, "client");
    log_set_id("feedbeef");
    g_autoptr(GBytes) der = sign(w.number, w.token, w.csr);
    log_set_id(NULL);
    g_autoptr(CaCertificateInfo) info = read_der(der);
    g_autofree char *subject = g_strdup_printf("C=JP, L=Academe, O=Kagami University, OU=No %" G_GINT64_FORMAT ", CN=Hanako Kagami",
                                               w.number);
    g_assert_cmpstr(info->subject, ==, subject);
    g_assert_cmpstr(info->mail, ==, "");

    g_autofree char *row = world_text(world, "select concat_ws(' ', issuer, serial, encode(der, 'hex'), encode(fingerprint, 'hex'),"
                                             " subject, extract(epoch from not_before)::bigint, extract(epoch from not_after)::bigint,"
                                             " key_kind, shard, predecessor) from certificate where request = %N", w.number);
    g_autofree char *hex = crypto_hex(der);
    g_autofree char *expected = g_strdup_printf("client %s %s %s %s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " p256 0", info->serial, hex,
                                                info->fingerprint, info->subject, info->not_before, info->not_after);
    g_assert_cmpstr(row, ==, expected);
    g_autofree char *days = world_text(world, "select concat_ws(' ', extract(epoch from cycle_at)::bigint, extract(epoch from"
                                              " cycle_end)::bigint) from request where number = %N", w.number);
    g_autofree char *planned = g_strdup_printf("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT, info->not_before, info->not_after);
    g_assert_cmpstr(days, ==, planned);
    g_autofree char *event = world_text(world, "select concat_ws(' ', actor, log_id, detail ->> 'serial') from event"
                                               " where request = %N and what = 'issue'", w.number);
    g_autofree char *event_expected = g_strdup_printf("signer feedbeef %s", info->serial);
    g_assert_cmpstr(event, ==, event_expected);

    g_autofree char *log = NULL;
    g_assert_true(g_file_get_contents(settings_text(world->settings, "signer", "log_file"), &log, NULL, NULL));
    g_autofree char *line = g_strdup_printf(" issue client %s request=%" G_GINT64_FORMAT " ", info->serial, w.number);
    g_assert_nonnull(strstr(log, line));
    waiting_clear(&w);
}

/* By the institution's policy, where the IdP sends such a name; a renewal keeps the name that it renews. */
static void
a_name_in_its_own_script_is_utf8(void)
{
    world_do(world, "update institution set name_form = 'native' where id = %N", world->institution);
    world_do(world, "update person set display_name_ja = '鏡 花子', common_name = null where id = %N", world->person);
    struct waiting w = ready(world->person, "client");
    g_autoptr(GBytes) der = sign(w.number, w.token, w.csr);
    g_autoptr(CaCertificateInfo) info = read_der(der);
    g_assert_cmpstr(info->common_name, ==, "鏡 花子");
    g_autofree char *planned = world_text(world, "select common_name from request where number = %N", w.number);
    g_assert_cmpstr(planned, ==, "鏡 花子");
    gsize size;
    const guint8 *bytes = g_bytes_get_data(der, &size);
    static const char value[] = "\x0c\x0a鏡 花子"; /* UTF8String of ten bytes */
    g_assert_nonnull(memmem(bytes, size, value, strlen(value)));
    /* What may not stand in a certificate is not taken for a name: without one in ASCII there is none. */
    world_do(world, "update person set display_name_ja = '鏡' || chr(8238) || '花子' where id = %N", world->person);
    g_autofree char *none = world_text(world, "select request_refusal(id, 'client', 13, mails[1], false) from person where id = %N",
                                       world->person);
    g_assert_cmpstr(none, ==, "name");
    world_do(world, "update person set common_name = 'Hanako Kagami' where id = %N", world->person);
    struct waiting ascii = ready(world->person, "client");
    g_autoptr(GBytes) other = sign(ascii.number, ascii.token, ascii.csr);
    g_autoptr(CaCertificateInfo) fallback = read_der(other);
    g_assert_cmpstr(fallback->common_name, ==, "Hanako Kagami");
    world_do(world, "update institution set name_form = 'ascii' where id = %N", world->institution);
    waiting_clear(&w);
    waiting_clear(&ascii);
}

static void
an_smime_certificate_names_the_requests_own_address(void)
{
    struct waiting w = ready(world->person, "smime");
    g_autoptr(GBytes) der = sign(w.number, w.token, w.csr);
    g_autoptr(CaCertificateInfo) info = read_der(der);
    g_assert_cmpstr(info->mail, ==, "hanako@kagami.example");
    waiting_clear(&w);
}

static void
the_profile_with_the_address_as_its_subject_sleeps_until_it_is_dated(void)
{
    world_do(world, "update profile set valid_from = now() where name = 'smime-mail-13'", 0);
    struct waiting w = ready(world->person, "smime");
    g_autoptr(GBytes) der = sign(w.number, w.token, w.csr);
    g_autoptr(CaCertificateInfo) info = read_der(der);
    g_assert_cmpstr(info->subject, ==, "CN=hanako@kagami.example");
    g_assert_cmpstr(info->mail, ==, "hanako@kagami.example");
    world_do(world, "update profile set valid_to = now() where name = 'smime-mail-13'", 0);
    waiting_clear(&w);
}

/* "issuer/policies" of the certificate of a request, with the number of its profile's row. */
static char *
made_by(gint64 number)
{
    return world_text(world, "select f.id || ' ' || array_to_string(f.policies, ',') from certificate c join profile f on f.id = c.profile"
                             " where c.request = %N order by c.signed_at desc limit 1", number);
}

static void
assert_policy(GBytes *der, const char *policy)
{
    gsize size;
    const unsigned char *p = g_bytes_get_data(der, &size);
    X509 *x = d2i_X509(NULL, &p, (long)size);
    CERTIFICATEPOLICIES *list = X509_get_ext_d2i(x, NID_certificate_policies, NULL, NULL);
    char oid[80] = "";
    if (list)
        OBJ_obj2txt(oid, sizeof oid, sk_POLICYINFO_value(list, 0)->policyid, 1);
    g_assert_cmpstr(oid, ==, policy);
    CERTIFICATEPOLICIES_free(list);
    X509_free(x);
}

static void
a_request_keeps_the_row_that_it_was_applied_for_under(void)
{
    struct waiting before = ready(world->person, "client");
    gint64 old = world_int(world, "select id from profile where name = 'client-13'", 0);
    /* What `inkan profile add client-13 --policy …` does. */
    world_do(world, "insert into profile (name, type, months, issuer, key_usage, extended, policies, key_kinds) select name, type, months,"
                    " issuer, key_usage, extended, '{1.3.6.1.4.1.32473.7}', key_kinds from profile where name = 'client-13';"
                    "update profile set valid_to = now() where id = %N", old);
    gint64 new = world_int(world, "select max(id) from profile where name = 'client-13'", 0);
    struct waiting after = ready(world->person, "client");
    g_autoptr(GBytes) first = sign(before.number, before.token, before.csr), second = sign(after.number, after.token, after.csr);
    g_autofree char *by = made_by(before.number), *then = made_by(after.number);
    g_autofree char *by_expected = g_strdup_printf("%" G_GINT64_FORMAT " ", old);
    g_autofree char *then_expected = g_strdup_printf("%" G_GINT64_FORMAT " 1.3.6.1.4.1.32473.7", new);
    g_assert_cmpstr(by, ==, by_expected);
    g_assert_cmpstr(then, ==, then_expected);
    assert_policy(first, "");
    assert_policy(second, "1.3.6.1.4.1.32473.7");

    /* What was issued keeps its row whatever comes; a row in force says the same until it ends, and it ends once. */
    static const struct { const char *sql, *word; } kept[] = {
        { "update profile set policies = '{1.2.3}' where id = %N", "profile-kept" },
        { "update profile set months = 25 where id = %N", "profile-kept" },
        { "update profile set valid_from = 'infinity' where id = %N", "profile-kept" },
        { "update profile set valid_to = null where id = %N", "profile-ended" },
        { "update certificate set profile = null where profile = %N", "certificate-kept" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(kept); i++) {
        g_auto(GStrv) parts = g_strsplit(kept[i].sql, "%N", 2);
        g_autofree char *sql = g_strdup_printf("%s%" G_GINT64_FORMAT "%s", parts[0], old, parts[1]);
        g_autofree char *answer = cluster_try(world->cluster, "superuser", sql), *expected = g_strconcat("IK000 ", kept[i].word, NULL);
        g_assert_cmpstr(answer, ==, expected);
    }
    /* Back to the row of before for the tests to come: a new edition without a policy. */
    world_do(world, "update profile set valid_to = now() where id = %N", new);
    world_do(world, "insert into profile (name, type, months, issuer, key_usage, extended, policies, key_kinds) select name, type, months,"
                    " issuer, key_usage, extended, '{}', key_kinds from profile where id = %N", old);
    waiting_clear(&before);
    waiting_clear(&after);
}

/* E5 */
static void
sixty_one_months_are_one_more_row(void)
{
    world_do(world, "insert into profile (name, type, months, issuer, key_usage, extended, key_kinds) select 'client-61', type, 61, issuer,"
                    " key_usage, extended, key_kinds from profile where name = 'client-52';"
                    "update institution set months = '{61,52,25,13}' where %N > 0", 1);
    struct waiting w = ready_for(world->person, "client", 61);
    g_autoptr(GBytes) der = sign(w.number, w.token, w.csr);
    g_autoptr(CaCertificateInfo) info = read_der(der);
    g_assert_cmpint(info->not_after, ==, ca_validity_end(info->not_before, 61, "Asia/Tokyo"));
    world_do(world, "update institution set months = '{52,25,13}' where %N > 0", 1);
    waiting_clear(&w);
}

static void
the_table_takes_no_serial_that_a_crl_could_not_list(void)
{
    static const char *const serials[] = { "ff112233445566778899aabbccddeeff00112233", "0f112233445566778899aabbccddeeff0011223",
                                           "00112233445566778899aabbccddeeff00112233", "00112233445566778899aabbccddeeff001122",
                                           "7F112233445566778899aabbccddeeff00112233", "7f" };
    static const char *const good[] = { "7f112233445566778899aabbccddeeff00112233", "01112233445566778899aabbccddeeff00112233",
                                        "ff112233445566778899aabbccddeeff001122" };
    const char *sql = "insert into certificate (issuer, serial, request, pickup, der, subject, spki_sha256, fingerprint, not_before,"
                      " not_after, key_kind, revoked_at, reason) select 'client', '%s', request, id, '\\x30', 'CN=x', '\\x00', '\\x00',"
                      " not_before, not_after, 'p256', now(), 'superseded' from pickup limit 1";
    for (size_t i = 0; i < G_N_ELEMENTS(serials) + G_N_ELEMENTS(good); i++) {
        gboolean bad = i < G_N_ELEMENTS(serials);
        g_auto(GStrv) parts = g_strsplit(sql, "%s", 2);
        g_autofree char *row = g_strjoin(bad ? serials[i] : good[i - G_N_ELEMENTS(serials)], parts[0], parts[1], NULL);
        g_autofree char *answer = cluster_try(world->cluster, "superuser", row);
        if (bad)
            g_assert_true(g_str_has_prefix(answer, "23514 "));
        else
            g_assert_null(answer);
    }
}

static void
the_same_pickup_and_key_get_the_same_certificate_and_another_key_none(void)
{
    struct waiting w = ready(world->person, "client");
    g_autoptr(GBytes) first = sign(w.number, w.token, w.csr), second = sign(w.number, w.token, w.csr), other = new_csr(CA_KEY_P256);
    g_assert_true(g_bytes_equal(first, second));
    refused(w.number, w.token, other, "other-key");
    /* Once that certificate is revoked, the pickup is open for another. */
    world_do(world, "select certificate_revoke(issuer, serial, 'cessationOfOperation', 'test') from certificate where request = %N",
             w.number);
    g_autoptr(GBytes) third = sign(w.number, w.token, other);
    g_assert_false(g_bytes_equal(first, third));
    waiting_clear(&w);
}

static void
every_kind_of_key_is_signed(void)
{
    for (int kind = 0; kind < CA_KEY_KINDS; kind++) {
        if (kind == CA_KEY_RSA4096 && !g_test_slow())
            continue;
        struct waiting w = ready(world->person, kind % 2 ? "client" : "smime");
        g_autoptr(GBytes) csr = new_csr((enum ca_key_kind)kind), der = sign(w.number, w.token, csr);
        g_autoptr(CaCertificateInfo) info = read_der(der);
        g_assert_cmpstr(info->key, ==, ca_key_kind_name((enum ca_key_kind)kind));
        waiting_clear(&w);
    }
}

static void
a_renewal_names_what_it_replaces(void)
{
    struct waiting w = ready(world->person, "client");
    g_autoptr(GBytes) old = sign(w.number, w.token, w.csr);
    g_autoptr(CaCertificateInfo) before = read_der(old);
    collect(w.number, before->serial);
    refused(w.number, w.token, w.csr, "state");
    step(w.number, "renew", NULL);
    g_assert_true(ra_jobs_run(world->worker, NULL));
    g_autoptr(Secret) token = world_token(world, w.number);
    refused(w.number, w.token, w.csr, "state"); /* the old URL */
    g_autoptr(GBytes) der = sign(w.number, token, w.csr); /* the same key is the person's own business */
    g_autoptr(CaCertificateInfo) after = read_der(der);
    g_assert_cmpstr(after->serial, !=, before->serial);
    g_autofree char *predecessor = world_text(world, "select predecessor from certificate where request = %N"
                                                     " order by signed_at desc limit 1", w.number);
    g_assert_cmpstr(predecessor, ==, before->serial);
    waiting_clear(&w);
}

/* --- what it refuses ------------------------------------------------------------------------------------------------------------- */

static void
token_and_number_must_belong_together(void)
{
    struct waiting a = ready(world->person, "client"), b = ready(world->other, "client");
    g_autoptr(Secret) made_up = crypto_token();
    refused(a.number, b.token, a.csr, "pickup");
    refused(a.number, made_up, a.csr, "pickup");
    refused(a.number + 1000000, a.token, a.csr, "pickup");
    waiting_clear(&a);
    waiting_clear(&b);
}

/* The portal's role reads the pickup's row: what stands there is no token. */
static void
what_the_portals_role_can_read_opens_no_pickup(void)
{
    static const char *const readable[] = { "encode(token_hash, 'hex')", "encode(token_hash, 'base64')", "encode(pin_hash, 'hex')",
                                            "encode(pin_salt, 'hex')", "encode(pin_sealed, 'hex')", "id::text", "request::text" };
    struct waiting w = ready(world->person, "client");
    for (size_t i = 0; i < G_N_ELEMENTS(readable); i++) {
        g_autofree char *sql = g_strdup_printf("select rtrim(translate(%s, '+/', '-_'), '=') from pickup where request = %%N", readable[i]);
        g_autofree char *text = world_text(world, sql, w.number);
        g_autoptr(Secret) guess = secret_from_text(text);
        g_autoptr(GError) error = NULL;
        g_assert_null(ca_client_sign(signer_socket, w.number, secret_text(guess), w.csr, &error));
        g_assert_nonnull(error);
    }
    g_assert_cmpint(world_int(world, "select count(*) from intent where request = %N", w.number), ==, 0);
    g_autoptr(GBytes) der = sign(w.number, w.token, w.csr);
    waiting_clear(&w);
}

static void
a_csr_must_prove_its_key(void)
{
    struct waiting w = ready(world->person, "client");
    gsize size;
    g_autofree unsigned char *bytes = g_memdup2(g_bytes_get_data(w.csr, &size), g_bytes_get_size(w.csr));
    bytes[g_bytes_get_size(w.csr) - 1] ^= 1;
    g_autoptr(GBytes) broken = g_bytes_new(bytes, g_bytes_get_size(w.csr));
    g_autoptr(GError) error = NULL;
    g_assert_null(ca_client_sign(signer_socket, w.number, secret_text(w.token), broken, &error));
    g_assert_error(error, CA_ERROR, CA_ERROR_INPUT);
    waiting_clear(&w);
}

/* What the table's triggers keep even the owner from. The profile is the request's own. */
#define FORCED(set)                                                                                                        \
    "set session_replication_role = 'replica'; update profile set " set                                                   \
    " where id = (select profile from request where number = %N); set session_replication_role = 'origin'"

/* Rows: what is changed before, and changed back after; which word it brings. */
static const struct {
    const char *change, *word, *back;
} rules[] = {
    { "update pickup set ended = 'done', ended_at = now(), pin_hash = null, pin_sealed = null where request = %N", "pickup", NULL },
    { "update pickup set locked_at = now() where request = %N", "pickup", NULL },
    { "update pickup set expires_at = now() where request = %N", "pickup", NULL },
    { "update request set state = 'applied' where number = %N", "state", NULL },
    { "update request set cycle = 2 where number = %N", "pickup", NULL },
    { "update institution set types = '{smime}' where %N > 0", "policy", "update institution set types = '{client,smime}' where %N > 0" },
    { "update institution set months = '{52}' where %N > 0", "policy", "update institution set months = '{52,25,13}' where %N > 0" },
    { "update institution set mail_domains = '{minato.example}' where %N > 0", "policy",
      "update institution set mail_domains = '{kagami.example}' where %N > 0" },
    { "update request set mail = 'president@minato.example' where number = %N", "policy", NULL },
    { "update request set months = 25 where number = %N", "policy", NULL },
    { "update request set profile = (select id from profile where name = 'client-52') where number = %N", "policy", NULL },
    { FORCED("valid_to = now() - interval '1 day'"), "policy", FORCED("valid_to = null") },
    { FORCED("valid_from = now() + interval '1 day'"), "policy", FORCED("valid_from = now() - interval '1 day'") },
    { FORCED("max_active = 1"), "cap", FORCED("max_active = null") },
    { "update institution set max_active = 1 where %N > 0", "cap", "update institution set max_active = 1000000 where %N > 0" },
    { "update pickup set not_after = not_after + interval '1 second' where request = %N", "validity", NULL },
    { "update pickup set not_before = not_before - interval '1 day' where request = %N", "validity", NULL },
    { "update request set cycle_end = cycle_end + interval '1 day' where number = %N;"
      "update pickup set not_after = not_after + interval '1 day' where request = %N", "validity", NULL },
    { FORCED("key_kinds = '{rsa2048}'"), "key-kind", FORCED("key_kinds = '{rsa2048,rsa3072,rsa4096,p256,p384}'") },
};

static void
each_rule_is_held_whatever_the_rows_say(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
        struct waiting w = ready(world->person, "client");
        g_test_message("%s", rules[i].change);
        world_do(world, rules[i].change, w.number);
        refused(w.number, w.token, w.csr, rules[i].word);
        if (rules[i].back) {
            world_do(world, rules[i].back, w.number);
            g_autoptr(GBytes) der = sign(w.number, w.token, w.csr);
        }
        waiting_clear(&w);
    }
}

static void
no_certificate_outlives_its_issuer(void)
{
    /* Applied for so late that the end would be past the issuer's; the owner alone can date a request. */
    struct waiting w = ready(world->person, "client");
    world_do(world, "update request set cycle_at = now() + interval '16 years', cycle_end = validity_end(now() + interval '16 years', 13)"
                    " where number = %N;"
                    "update request set cycle_at = date_trunc('second', cycle_at) where number = %N;"
                    "update pickup k set not_before = r.cycle_at, not_after = r.cycle_end from request r"
                    " where r.number = k.request and r.number = %N", w.number);
    refused(w.number, w.token, w.csr, "issuer-end");
    waiting_clear(&w);
}

static void
a_key_belongs_to_one_person_and_a_compromised_one_to_nobody(void)
{
    struct waiting a = ready(world->person, "client"), b = ready(world->other, "client"), again = ready(world->person, "client");
    g_autoptr(GBytes) der = sign(a.number, a.token, a.csr);
    refused(b.number, b.token, a.csr, "key-used");
    world_do(world, "select certificate_revoke(issuer, serial, 'keyCompromise', 'test') from certificate where request = %N", a.number);
    refused(again.number, again.token, a.csr, "key-compromised");
    refused(b.number, b.token, a.csr, "key-compromised"); /* for everybody the same word */
    /* A later revocation of the key for another reason changes nothing. */
    world_do(world, "insert into blocked_key (spki_sha256, why) select spki_sha256, 'operator' from certificate where request = %N"
                    " on conflict do nothing", a.number);
    refused(again.number, again.token, a.csr, "key-compromised");
    /* What the operator blocked, nobody has had a certificate for. */
    struct waiting c = ready(world->person, "client");
    g_autoptr(CaCsr) key = ca_csr_parse(g_bytes_get_data(c.csr, NULL), g_bytes_get_size(c.csr), NULL);
    g_autofree char *hex = crypto_hex(key->spki_sha256);
    g_autofree char *block = g_strdup_printf("insert into blocked_key (spki_sha256, why) values ('\\x%s', 'operator')", hex);
    world_do(world, block, 0);
    refused(c.number, c.token, c.csr, "key-compromised");
    waiting_clear(&c);
    waiting_clear(&a);
    waiting_clear(&b);
    waiting_clear(&again);
}

/* --- at the same time -------------------------------------------------------------------------------------------------------------- */

struct race {
    struct waiting w;
    GBytes *one; /* the same key for all, or NULL: each its own */
    int out[2];
};

static int
ask_once(int i, gpointer data)
{
    struct race *race = data;
    g_autoptr(GBytes) own = race->one ? g_bytes_ref(race->one) : new_csr(CA_KEY_P256);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) der = ca_client_sign(signer_socket, race->w.number, secret_text(race->w.token), own, &error);
    (void)i;
    if (der) {
        g_autoptr(GBytes) hash = crypto_sha256(g_bytes_get_data(der, NULL), g_bytes_get_size(der));
        return write(race->out[1], g_bytes_get_data(hash, NULL), 32) == 32 ? 0 : 100;
    }
    g_autofree char *word = ca_error_word(error);
    return strcmp(word, "other-key") == 0 ? 1 : 100;
}

static guint
different_answers(struct race *race)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    unsigned char hash[32];
    close(race->out[1]);
    while (read(race->out[0], hash, sizeof hash) == sizeof hash)
        g_hash_table_add(seen, g_bytes_new(hash, sizeof hash));
    close(race->out[0]);
    return g_hash_table_size(seen);
}

static void
eight_at_once_get_one_certificate(void)
{
    for (int round = 0; round < 6; round++) {
        struct race race = { .w = ready(world->person, "client") };
        race.one = round % 2 ? race.w.csr : NULL;
        g_assert_cmpint(pipe(race.out), ==, 0);
        g_assert_cmpint(world_together(8, ask_once, &race), ==, race.one ? 0 : 7);
        g_assert_cmpuint(different_answers(&race), ==, 1);
        g_assert_cmpint(world_int(world, "select count(*) from certificate where request = %N", race.w.number), ==, 1);
        waiting_clear(&race.w);
    }
}

static int
sign_or_withdraw(int i, gpointer data)
{
    struct race *race = data;
    g_autoptr(GError) error = NULL;
    if (i == 0) {
        g_autoptr(RaContext) portal = world_context(world, "portal");
        const struct db_step what = { .number = race->w.number, .event = "withdraw", .actor = "person:1", .address = "", .log_id = "" };
        g_autofree char *next = db_request_step(portal->db, &what, &error);
        return next ? 0 : 100;
    }
    g_usleep((gulong)(race->out[0] * 700)); /* a little later each round, to meet every moment of the step */
    g_autoptr(GBytes) der = ca_client_sign(signer_socket, race->w.number, secret_text(race->w.token), race->w.csr, &error);
    return der || g_error_matches(error, CA_ERROR, CA_ERROR_REFUSED) ? 0 : 100;
}

static void
withdrawn_while_it_is_signed_leaves_no_valid_certificate(void)
{
    int signed_first = 0;
    for (int round = 0; round < 40; round++) {
        struct race race = { .w = ready(world->person, "client"), .out = { round % 20, 0 } };
        g_assert_cmpint(world_together(2, sign_or_withdraw, &race), ==, 0);
        g_assert_cmpint(world_int(world, "select count(*) from certificate where request = %N and revoked_at is null", race.w.number),
                        ==, 0);
        signed_first += (int)world_int(world, "select count(*) from certificate where request = %N", race.w.number);
        waiting_clear(&race.w);
    }
    g_test_message("%d of 40 were signed before", signed_first);
}

/* --- who may ask, and who is silent -------------------------------------------------------------------------------------------------- */

static void
each_user_may_ask_only_what_is_its_own(void)
{
    static const struct {
        enum wire_kind kind;
        gboolean portal, worker, responder, root;
    } table[] = {
        { WIRE_PING, TRUE, TRUE, TRUE, TRUE },        { WIRE_SIGN, TRUE, FALSE, FALSE, FALSE },
        { WIRE_PUBLISH, FALSE, TRUE, FALSE, FALSE },  { WIRE_RESPONDER, FALSE, FALSE, TRUE, FALSE },
        { WIRE_OCSP, FALSE, FALSE, FALSE, FALSE },    { WIRE_TAKE, FALSE, FALSE, FALSE, FALSE },
        { WIRE_FAILED, FALSE, FALSE, FALSE, FALSE },
    };
    const struct signer_peers peers = { 11, 22, 33 };
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        g_assert_cmpint(signer_peers_may(&peers, 11, table[i].kind), ==, table[i].portal);
        g_assert_cmpint(signer_peers_may(&peers, 22, table[i].kind), ==, table[i].worker);
        g_assert_cmpint(signer_peers_may(&peers, 33, table[i].kind), ==, table[i].responder);
        g_assert_cmpint(signer_peers_may(&peers, 0, table[i].kind), ==, table[i].root);
        g_assert_false(signer_peers_may(&peers, 44, table[i].kind));
    }
}

static void
silent_and_malformed_callers_hold_up_nobody(void)
{
    int silent[100];
    gint64 soon = g_get_monotonic_time() + 5 * G_USEC_PER_SEC;
    for (size_t i = 0; i < G_N_ELEMENTS(silent); i++)
        g_assert_cmpint(silent[i] = wire_connect(signer_socket, soon, NULL), >=, 0);
    g_assert_cmpint(write(silent[0], "\0\0\0\x20\2\0\0\0half of", 15), ==, 15);
    g_assert_cmpint(write(silent[1], "POST / HTTP/1.1\r\n\r\n", 19), ==, 19);
    struct waiting w = ready(world->person, "client");
    gint64 before = g_get_monotonic_time();
    g_autoptr(GBytes) der = sign(w.number, w.token, w.csr);
    g_assert_cmpint(g_get_monotonic_time() - before, <, 2 * G_USEC_PER_SEC);
    char byte;
    g_assert_cmpint(read(silent[1], &byte, 1), <=, 0); /* sent away; reset where bytes were left unread */
    for (size_t i = 0; i < G_N_ELEMENTS(silent); i++)
        close(silent[i]);
    waiting_clear(&w);
}

/* --- what breaks around it ------------------------------------------------------------------------------------------------------------ */

static void
database_away(gboolean away)
{
    cluster_do(world->cluster, away ? "alter role inkan_signer nologin" : "alter role inkan_signer login");
    if (away)
        cluster_do(world->cluster, "select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = 'inkan_signer'");
}

static void
without_its_database_it_is_down_and_back_with_it(void)
{
    struct waiting w = ready(world->person, "client");
    g_autoptr(GError) error = NULL;
    database_away(TRUE);
    g_assert_null(ca_client_sign(signer_socket, w.number, secret_text(w.token), w.csr, &error));
    g_assert_error(error, CA_ERROR, CA_ERROR_DOWN);
    g_clear_error(&error);
    g_assert_false(ca_client_ping(signer_socket, &error));
    g_assert_error(error, CA_ERROR, CA_ERROR_DOWN);
    database_away(FALSE);
    g_autoptr(GBytes) der = sign(w.number, w.token, w.csr);
    g_assert_true(ca_client_ping(signer_socket, NULL));
    waiting_clear(&w);
}

static void
a_database_that_lost_what_was_signed_is_not_signed_for(void)
{
    struct waiting w = ready(world->person, "client");
    const char *file = settings_text(world->settings, "signer", "log_file");
    g_autofree char *whole = NULL, *aside = g_strconcat(file, ".aside", NULL);
    g_autoptr(GError) error = NULL;
    g_assert_true(g_file_get_contents(file, &whole, NULL, NULL));
    int log = open(file, O_WRONLY | O_APPEND);
    g_assert_cmpint(write(log, "2026-01-01T00:00:00Z issue client 11aa request=1 key=00 certificate=00\n", 71), ==, 71);
    close(log);
    /* Only a new connection can lead to another server. */
    g_autoptr(GBytes) der = sign(w.number, w.token, w.csr);
    database_away(TRUE);
    database_away(FALSE);
    g_assert_null(ca_client_sign(signer_socket, w.number, secret_text(w.token), w.csr, &error));
    g_assert_error(error, CA_ERROR, CA_ERROR_DOWN);
    g_assert_nonnull(strstr(error->message, "11aa"));
    g_assert_false(ca_client_publish(signer_socket, "client", TRUE, NULL));
    /* The operator moves the file away: the signer, started again, begins a new one. */
    g_assert_cmpint(rename(file, aside), ==, 0);
    authority_stop(authority, "signer");
    authority_start(authority, "signer");
    g_autoptr(GBytes) again = sign(w.number, w.token, w.csr);
    g_assert_true(g_bytes_equal(der, again));
    waiting_clear(&w);
}

static void
its_own_log_unwritable_means_no_answer(void)
{
    struct waiting w = ready(world->person, "client");
    const char *file = settings_text(world->settings, "signer", "log_file");
    g_autofree char *aside = g_strconcat(file, ".kept", NULL);
    g_autoptr(GError) error = NULL;
    authority_stop(authority, "signer");
    g_assert_cmpint(rename(file, aside), ==, 0);
    g_assert_cmpint(symlink("/dev/full", file), ==, 0);
    authority_start(authority, "signer");
    g_assert_null(ca_client_sign(signer_socket, w.number, secret_text(w.token), w.csr, &error));
    g_assert_error(error, CA_ERROR, CA_ERROR_DOWN);
    authority_stop(authority, "signer");
    g_assert_cmpint(unlink(file), ==, 0);
    g_assert_cmpint(rename(aside, file), ==, 0);
    authority_start(authority, "signer");
    g_autoptr(GBytes) der = sign(w.number, w.token, w.csr);
    g_assert_cmpint(world_int(world, "select count(*) from certificate where request = %N", w.number), ==, 1);
    waiting_clear(&w);
}

static void
a_new_key_of_an_issuer_is_missed_in_words(void)
{
    const char *keys = settings_text(world->settings, "signer", "keys");
    g_autofree char *file = g_build_filename(keys, "client.pem", NULL), *aside = g_build_filename(keys, "client.away", NULL);
    struct waiting w = ready(world->person, "client"), s = ready(world->person, "smime");
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(rename(file, aside), ==, 0);
    authority_stop(authority, "signer");
    authority_start(authority, "signer"); /* waits for it to be well, in vain */
    g_autoptr(GBytes) other = sign(s.number, s.token, s.csr); /* the other CA's key is there */
    g_assert_null(ca_client_sign(signer_socket, w.number, secret_text(w.token), w.csr, &error));
    g_assert_error(error, CA_ERROR, CA_ERROR_DOWN);
    g_assert_cmpint(rename(aside, file), ==, 0);
    authority_stop(authority, "signer");
    authority_start(authority, "signer");
    g_autoptr(GBytes) der = sign(w.number, w.token, w.csr);
    waiting_clear(&w);
    waiting_clear(&s);
}

/* --- its role ----------------------------------------------------------------------------------------------------------------------------- */

static void
its_role_reads_no_secret_and_revokes_nothing(void)
{
    static const char *const forbidden[] = {
        "select pin_sealed from pickup", "select pin_hash from pickup", "select key_locked from pickup", "select pkcs12 from pickup",
        "select display_name from person", "select * from session", "select * from outbox", "select * from event",
        "insert into event (actor, what) values ('operator', 'x')", "update request set state = 'ready'",
        "update certificate set revoked_at = now(), reason = 'superseded'", "update certificate set der = '\\x00'",
        "delete from certificate", "update issuer set certificate = '\\x00'", "update profile set months = 120",
        "select certificate_revoke('client', '00', 'superseded', 'x')", "select request_step(1, 'revoke', 'x', '', '', '{}', null, null)",
        "insert into pickup (request, cycle) values (1, 9)", "delete from crl",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(forbidden); i++) {
        g_autofree char *answer = cluster_try(world->cluster, "signer", forbidden[i]);
        if (!answer || !g_str_has_prefix(answer, "42501"))
            g_error("%s: %s", forbidden[i], answer ? answer : "allowed");
    }
}

static void
keys_lie_locked_and_for_their_owner_alone(void)
{
    static const char *const names[] = { "root.pem", "client.pem", "smime.pem" };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *file = g_build_filename(settings_text(world->settings, "signer", "keys"), names[i], NULL), *text = NULL;
        struct stat about;
        g_assert_cmpint(stat(file, &about), ==, 0);
        g_assert_cmpint(about.st_mode & 07777, ==, 0600);
        g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
        g_assert_true(g_str_has_prefix(text, "-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    log_setup("test", LOG_LEVEL_ERROR);
    world = world_new_bare(NULL);
    authority = authority_new(world);
    signer_socket = settings_text(world->settings, "signer", "socket");
    g_test_add_func("/signer/a certificate is a row, an audit event and a line of the log",
                    a_certificate_is_a_row_an_audit_event_and_a_line_of_the_log);
    g_test_add_func("/signer/a name in its own script is UTF-8", a_name_in_its_own_script_is_utf8);
    g_test_add_func("/signer/an S-MIME certificate names the request's own address", an_smime_certificate_names_the_requests_own_address);
    g_test_add_func("/signer/a request keeps the row that it was applied for under", a_request_keeps_the_row_that_it_was_applied_for_under);
    g_test_add_func("/signer/61 months are one more row", sixty_one_months_are_one_more_row);
    g_test_add_func("/signer/the table takes no serial that a CRL could not list", the_table_takes_no_serial_that_a_crl_could_not_list);
    g_test_add_func("/signer/the profile with the address as its subject sleeps until it is dated",
                    the_profile_with_the_address_as_its_subject_sleeps_until_it_is_dated);
    g_test_add_func("/signer/the same pickup and key get the same certificate and another key none",
                    the_same_pickup_and_key_get_the_same_certificate_and_another_key_none);
    g_test_add_func("/signer/every kind of key is signed", every_kind_of_key_is_signed);
    g_test_add_func("/signer/a renewal names what it replaces", a_renewal_names_what_it_replaces);
    g_test_add_func("/signer/token and number must belong together", token_and_number_must_belong_together);
    g_test_add_func("/signer/what the portal's role can read opens no pickup", what_the_portals_role_can_read_opens_no_pickup);
    g_test_add_func("/signer/a CSR must prove its key", a_csr_must_prove_its_key);
    g_test_add_func("/signer/each rule is held whatever the rows say", each_rule_is_held_whatever_the_rows_say);
    g_test_add_func("/signer/no certificate outlives its issuer", no_certificate_outlives_its_issuer);
    g_test_add_func("/signer/a key belongs to one person and a compromised one to nobody",
                    a_key_belongs_to_one_person_and_a_compromised_one_to_nobody);
    g_test_add_func("/signer/eight at once get one certificate", eight_at_once_get_one_certificate);
    g_test_add_func("/signer/withdrawn while it is signed leaves no valid certificate",
                    withdrawn_while_it_is_signed_leaves_no_valid_certificate);
    g_test_add_func("/signer/each user may ask only what is its own", each_user_may_ask_only_what_is_its_own);
    g_test_add_func("/signer/silent and malformed callers hold up nobody", silent_and_malformed_callers_hold_up_nobody);
    g_test_add_func("/signer/without its database it is down and back with it", without_its_database_it_is_down_and_back_with_it);
    g_test_add_func("/signer/a database that lost what was signed is not signed for",
                    a_database_that_lost_what_was_signed_is_not_signed_for);
    g_test_add_func("/signer/its own log unwritable means no answer", its_own_log_unwritable_means_no_answer);
    g_test_add_func("/signer/a key that is not there is missed in words", a_new_key_of_an_issuer_is_missed_in_words);
    g_test_add_func("/signer/its role reads no secret and revokes nothing", its_role_reads_no_secret_and_revokes_nothing);
    g_test_add_func("/signer/keys lie locked and for their owner alone", keys_lie_locked_and_for_their_owner_alone);
    int result = g_test_run();
    authority_free(authority);
    world_free(world);
    return result;
}

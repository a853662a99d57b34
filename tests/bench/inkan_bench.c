/*
 * inkan-bench NAME [--seconds S]: prints one number and nothing else, so that scripts can take turns with it.
 *
 * What is measured is this process's CPU time. Operations a CPU second but for crl-N and crl-limit-N, which are CPU
 * milliseconds. The names with "limit" are what bounds the others: the cryptography alone, by the same library in the same run.
 */
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ca/certificate.h"
#include "ca/crl.h"
#include "ca/crypto.h"
#include "ca/ocsp.h"
#include "ca/pkcs12.h"
#include "web/web.h"

static double cpu_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void *must(void *result, GError *error)
{
    if (!result) {
        fprintf(stderr, "inkan-bench: %s\n", error ? error->message : "failed");
        exit(1);
    }
    return result;
}

/* Runs ONE for SECONDS of CPU time after a tenth of that as warming up; operations a CPU second. */
static double rate(void (*one)(void *), void *data, double seconds)
{
    double begin, end, warm = cpu_seconds() + seconds / 10;
    guint64 n = 0, batch = 1;

    while (cpu_seconds() < warm)
        one(data);
    begin = cpu_seconds();
    do {
        for (guint64 i = 0; i < batch; i++)
            one(data);
        n += batch;
        end = cpu_seconds();
        if (end - begin < seconds / 100)
            batch *= 2; /* the clock is not what is measured */
    } while (end - begin < seconds);
    return (double)n / (end - begin);
}

/* --- Issuing -------------------------------------------------------------------------------------------------------------- */

static const gint64 now = 1798000000; /* some day in 2026 */

struct authority {
    Secret *secret;
    CaSigningKey *key;
    CaIssuer *issuer;
    GBytes *certificate;
    gint64 end; /* of what it issues: as in the signer, which reads it from the request's row */
};

static struct authority authority_new(enum ca_key_kind kind)
{
    struct ca_authority what = { .serial = "4a0102030405060708090a0b0c0d0e0f10111213", .not_before = now - 86400,
                                 .not_after = now + G_GINT64_CONSTANT(86400) * 3650, .country = "JP",
                                 .organization = "Inkan", .common_name = "Bench CA", .path_length = 1 };
    struct authority a;
    GError *error = NULL;

    a.end = ca_validity_end(now, 52, "Asia/Tokyo");
    a.secret = must(ca_key_make(kind, &error), error);
    a.key = must(ca_signing_key_from(a.secret, &error), error);
    a.certificate = must(ca_root_build(&what, a.key, &error), error);
    a.issuer = must(ca_issuer_new(a.certificate, a.key, &error), error);
    return a;
}

struct signing {
    struct authority ca;
    char *csr; /* PEM */
    size_t csr_size;
};

static const struct ca_profile profile = {
    .mail_in_san = TRUE,
    .key_usage = (const char *const[]){ "digitalSignature", "keyEncipherment", NULL },
    .extended = (const char *const[]){ CA_OID_CLIENT_AUTH, CA_OID_EMAIL_PROTECTION, NULL },
    .policies = (const char *const[]){ "1.3.6.1.4.1.99999.1.1", NULL },
};

static GBytes *issue(const struct authority *ca, const CaCsr *csr)
{
    g_autofree char *serial = ca_serial_new();
    struct ca_order order = {
        .profile = &profile, .csr = csr, .serial = serial, .not_before = now,
        .not_after = ca->end, .country = "JP", .locality = "Academe",
        .organization = "Kagami University", .unit = "Graduate School of Bench", .number = 1234567,
        .common_name = "Hanako Kagami", .mail = "hanako@kagami.example",
        .crl_url = "http://pki.kagami.example/crl/client-0.crl", .issuer_url = "http://pki.kagami.example/ca/client.cer",
        .ocsp_url = "http://pki.kagami.example/ocsp",
    };
    GError *error = NULL;

    return must(ca_certificate_build(&order, ca->issuer, &error), error);
}

static void sign_one(void *data)
{
    const struct signing *s = data;
    GError *error = NULL;
    g_autoptr(CaCsr) csr = must(ca_csr_parse(s->csr, s->csr_size, &error), error);
    g_autoptr(GBytes) der = issue(&s->ca, csr);

    (void)der;
}

static double bench_sign(const char *kind_name, double seconds)
{
    enum ca_key_kind kind;
    struct signing s;
    GError *error = NULL;
    g_autoptr(Secret) key = NULL;
    g_autoptr(GBytes) csr = NULL;

    if (!ca_key_kind_parse(kind_name, &kind))
        return -1;
    s.ca = authority_new(kind);
    key = must(ca_key_make(ca_key_kind_is_rsa(kind) ? CA_KEY_RSA2048 : kind, &error), error);
    csr = must(ca_csr_new(key, &error), error);
    s.csr = ca_csr_pem(csr);
    s.csr_size = strlen(s.csr);
    return rate(sign_one, &s, seconds);
}

/* --- The limit of signing: one signature and one verification, nothing else ----------------------------------------------- */

struct raw {
    EVP_PKEY_CTX *sign, *verify;
    unsigned char hash[32], signature[512];
    size_t n;
};

static void raw_sign(void *data)
{
    struct raw *raw = data;

    raw->n = sizeof raw->signature;
    if (EVP_PKEY_sign(raw->sign, raw->signature, &raw->n, raw->hash, sizeof raw->hash) <= 0)
        exit(1);
}

static void raw_verify(void *data)
{
    struct raw *raw = data;

    if (EVP_PKEY_verify(raw->verify, raw->signature, raw->n, raw->hash, sizeof raw->hash) <= 0)
        exit(1);
}

/* P-256: 1/(1/sign + 1/verify), as the CSR's proof must be verified; RSA: signing alone. */
static double bench_sign_limit(const char *kind_name, double seconds)
{
    enum ca_key_kind kind;
    struct raw raw = { .hash = "a hash of thirty-two bytes, yes" };
    EVP_PKEY *key;
    double sign;

    if (!ca_key_kind_parse(kind_name, &kind))
        return -1;
    key = ca_key_kind_is_rsa(kind) ? EVP_RSA_gen((unsigned)atoi(kind_name + 3))
                                   : EVP_EC_gen(kind == CA_KEY_P256 ? "P-256" : "P-384");
    raw.sign = EVP_PKEY_CTX_new(key, NULL);
    raw.verify = EVP_PKEY_CTX_new(key, NULL);
    if (EVP_PKEY_sign_init(raw.sign) <= 0 || EVP_PKEY_verify_init(raw.verify) <= 0)
        return -1;
    if (ca_key_kind_is_rsa(kind))
        return rate(raw_sign, &raw, seconds);
    sign = rate(raw_sign, &raw, seconds / 2);
    return 1 / (1 / sign + 1 / rate(raw_verify, &raw, seconds / 2));
}

/* --- PKCS#12 -------------------------------------------------------------------------------------------------------------- */

struct packing {
    struct authority ca;
    GPtrArray *chain;
    enum ca_key_kind kind;
    Secret *ready; /* NULL: a new key each time */
    double making; /* CPU seconds that went into keys */
};

static Secret *pack_key(struct packing *p)
{
    GError *error = NULL;
    double begin = cpu_seconds();
    Secret *key = p->ready ? secret_copy(p->ready) : must(ca_key_make(p->kind, &error), error);

    p->making += cpu_seconds() - begin;
    return key;
}

static void pack_one(void *data)
{
    struct packing *p = data;
    GError *error = NULL;
    g_autoptr(Secret) key = pack_key(p);
    g_autoptr(GBytes) der = must(ca_csr_new(key, &error), error);
    g_autoptr(CaCsr) csr = must(ca_csr_parse(g_bytes_get_data(der, NULL), g_bytes_get_size(der), &error), error);
    g_autoptr(GBytes) certificate = issue(&p->ca, csr);
    g_autoptr(GBytes) pkcs12 = must(ca_pkcs12_build(key, certificate, p->chain, "Hanako Kagami", "Ab3dEf6hIj9lMn2p",
                                                    CA_PKCS12_MODERN, &error), error);

    (void)pkcs12;
}

enum pack { PACK_NEW, PACK_READY, PACK_SHARE };

static double bench_pack(const char *kind_name, double seconds, enum pack how)
{
    struct packing p = { 0 };
    GError *error = NULL;

    if (!ca_key_kind_parse(kind_name, &p.kind))
        return -1;
    p.ca = authority_new(CA_KEY_P256);
    p.chain = g_ptr_array_new();
    g_ptr_array_add(p.chain, p.ca.certificate);
    if (how == PACK_READY)
        p.ready = must(ca_key_make(p.kind, &error), error);
    double begin = cpu_seconds(), times = rate(pack_one, &p, seconds);
    return how == PACK_SHARE ? p.making / (cpu_seconds() - begin) : times;
}

static double bench_pack_new(const char *kind, double seconds) { return bench_pack(kind, seconds, PACK_NEW); }
static double bench_pack_ready(const char *kind, double seconds) { return bench_pack(kind, seconds, PACK_READY); }
static double bench_pack_share(const char *kind, double seconds) { return bench_pack(kind, seconds, PACK_SHARE); }

static void make_one(void *data)
{
    GError *error = NULL;
    g_autoptr(Secret) key = must(ca_key_make(*(enum ca_key_kind *)data, &error), error);

    (void)key;
}

static double bench_key(const char *kind_name, double seconds)
{
    enum ca_key_kind kind;

    return ca_key_kind_parse(kind_name, &kind) ? rate(make_one, &kind, seconds) : -1;
}

/* What PKCS#12 cannot do without: PBKDF2 for key and certificates (32 bytes each), and the MAC's own KDF of RFC 7292. */
static void derive_one(void *data)
{
    unsigned char out[32];

    (void)data;
    for (int i = 0; i < 2; i++)
        if (!PKCS5_PBKDF2_HMAC("Ab3dEf6hIj9lMn2p", 16, (const unsigned char *)"saltsalt", 8, 7000, EVP_sha256(), 32, out))
            exit(1);
    if (!PKCS12_key_gen_utf8("Ab3dEf6hIj9lMn2p", 16, (unsigned char *)"saltsalt", 8, PKCS12_MAC_ID, 7000, 32, out,
                             EVP_sha256()))
        exit(1);
}

static double bench_pack_limit(const char *kind, double seconds)
{
    (void)kind;
    return rate(derive_one, NULL, seconds);
}

/* --- CRL, OCSP ------------------------------------------------------------------------------------------------------------ */

static double bench_crl(const char *number, double seconds)
{
    struct authority ca = authority_new(CA_KEY_P256);
    size_t n = strtoul(number, NULL, 10);
    struct ca_revoked *revoked = g_new0(struct ca_revoked, n);
    struct ca_crl what = { 1, now, now + 86400, "http://pki.kagami.example/crl/client-0.crl" };
    double begin, spent;
    int times = 0;

    (void)seconds;
    for (size_t i = 0; i < n; i++) {
        g_autofree char *serial = ca_serial_new();
        g_strlcpy(revoked[i].serial, serial, sizeof revoked[i].serial);
        revoked[i].at = now - (gint64)i;
        revoked[i].reason = CA_REASON_KEY_COMPROMISE;
    }
    begin = cpu_seconds();
    do {
        GError *error = NULL;
        g_autoptr(GBytes) der = must(ca_crl_build(ca.issuer, &what, revoked, n, &error), error);
        (void)der;
        times++;
        spent = cpu_seconds() - begin;
    } while (spent < MIN(seconds, 1));
    g_free(revoked);
    return spent / times * 1000;
}

/* Hash of as many bytes and one signature. */
static double bench_crl_limit(const char *number, double seconds)
{
    size_t n = strtoul(number, NULL, 10) * 54 + 400;
    g_autofree unsigned char *bytes = g_malloc(n);
    unsigned char hash[32];
    struct raw raw = { 0 };
    double begin, spent;
    int times = 0;

    memset(bytes, 0x5a, n);
    raw.sign = EVP_PKEY_CTX_new(EVP_EC_gen("P-256"), NULL);
    if (EVP_PKEY_sign_init(raw.sign) <= 0)
        return -1;
    begin = cpu_seconds();
    do {
        if (!EVP_Q_digest(NULL, "SHA256", NULL, bytes, n, hash, NULL))
            return -1;
        memcpy(raw.hash, hash, sizeof hash);
        raw_sign(&raw);
        times++;
        spent = cpu_seconds() - begin;
    } while (spent < MIN(seconds, 1));
    return spent / times * 1000;
}

struct answering {
    struct authority ca;
    GBytes *request;
};

static void answer_one(void *data)
{
    const struct answering *a = data;
    struct ca_ocsp_answer answer = { CA_OCSP_GOOD, 0, CA_REASON_UNSPECIFIED };
    struct ca_ocsp_times times = { now, now, now + 3600 };
    GError *error = NULL;
    g_autoptr(CaOcspRequest) request = must(ca_ocsp_parse(a->request, &error), error);
    g_autoptr(GBytes) der = must(ca_ocsp_build(request, &answer, &times, a->ca.issuer, &error), error);

    (void)der;
}

static double bench_ocsp(const char *rest, double seconds)
{
    static const unsigned char request[] = {
        0x30, 0x51, 0x30, 0x4f, 0x30, 0x4d, 0x30, 0x4b, 0x30, 0x49, 0x30, 9, 6, 5, 0x2b, 0x0e, 3, 2, 0x1a, 5, 0,
        4, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 2, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
    };
    struct answering a = { authority_new(CA_KEY_P256), g_bytes_new_static(request, sizeof request) };

    (void)rest;
    return rate(answer_one, &a, seconds);
}

/* --- Pages ---------------------------------------------------------------------------------------------------------------- */

static WebNode *offer(WebNode *root, const char *type)
{
    WebNode *node = web_add(root, "offer");

    web_set(node, "type", type);
    web_set(node, "form-key", "m8uXJ3kYw0i5qZbT1vR7cA");
    web_add_text(node, "months", "52");
    web_add_text(node, "months", "25");
    web_add_text(node, "months", "13");
    web_add_text(node, "mail", "hanako@kagami.example");
    return node;
}

static void frame(WebNode *root, GTimeZone *zone)
{
    WebNode *node = web_add(root, "frame"), *child;

    web_set(node, "path", "/certificates");
    web_set_time(node, "now", now, zone);
    web_set(node, "csrf", "vS6mUu0cQk2mGkq3xH4r5w");
    web_set(node, "version", INKAN_VERSION);
    web_set(node, "request-id", "4f1c90ab");
    child = web_add(node, "service");
    web_set(child, "name", "Inkan");
    web_set(child, "name-ja", "印鑑");
    child = web_add(node, "person");
    web_set(child, "name", "Hanako Kagami");
    web_set(child, "name-ja", "鏡 花子");
    child = web_add(node, "institution");
    web_set(child, "name", "Kagami University");
    web_set(child, "name-ja", "かがみ大学");
    child = web_add(node, "helpdesk");
    web_set(child, "name", "Information Media Center");
    web_set(child, "name-ja", "情報メディアセンター");
    web_set(child, "mail", "helpdesk@kagami.example");
    web_set(child, "phone", "+81-3-5550-0100");
}

static void request_row(WebNode *root, int i, GTimeZone *zone)
{
    static const char *const states[] = { "collected", "ready", "applied", "collected", "renew_ready", "renewing" };
    WebNode *node = web_add(root, "request");
    gint64 applied = now - (gint64)i * 86400 * 9;

    web_set_number(node, "number", 5000 - i);
    web_set(node, "type", i % 2 ? "smime" : "client");
    web_set_number(node, "months", i % 3 ? 52 : 13);
    web_set(node, "state", states[i % 6]);
    web_set_time(node, "applied-at", applied, zone);
    web_set_time(node, "not-before", applied, zone);
    web_set_time(node, "not-after", ca_validity_end(applied, i % 3 ? 52 : 13, "Asia/Tokyo"), zone);
    web_set(node, "memo", i % 2 ? "mail on the laptop" : "研究室のノートPC");
    if (i % 6 == 0)
        web_set(node, "renew-key", "m8uXJ3kYw0i5qZbT1vR7cB");
}

struct rendering {
    Web *web;
    GTimeZone *zone;
    int rows;
};

static void render_one(void *data)
{
    const struct rendering *r = data;
    GError *error = NULL;
    g_autoptr(WebDocument) document = web_document_new("dashboard");
    WebNode *root = web_document_root(document);
    g_autofree char *html = NULL;

    frame(root, r->zone);
    offer(root, "client");
    offer(root, "smime");
    for (int i = 0; i < r->rows; i++)
        request_row(root, i, r->zone);
    html = must(web_page(r->web, document, "ja", &error), error);
}

/* web/ of the checkout: in the folder that it is run from, or beside the build folder that this program is in. */
static char *web_folder(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL), *build = NULL, *checkout = NULL;

    if (g_file_test("web/pages", G_FILE_TEST_IS_DIR) || !self)
        return g_strdup("web");
    build = g_path_get_dirname(self);
    checkout = g_path_get_dirname(build);
    return g_build_filename(checkout, "web", NULL);
}

static double bench_render(const char *number, double seconds)
{
    g_autofree char *folder = web_folder();
    GError *error = NULL;
    struct rendering r = { must(web_new(folder, &error), error), g_time_zone_new_identifier("Asia/Tokyo"), atoi(number) };

    return r.rows > 0 ? rate(render_one, &r, seconds) : -1;
}

/* --- Which ---------------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *prefix; /* what follows it is handed on */
    double (*run)(const char *rest, double seconds);
} benches[] = {
    { "sign-limit-", bench_sign_limit }, /* longer names before their beginnings */
    { "sign-", bench_sign },
    { "p12-ready-", bench_pack_ready },
    { "p12-share-", bench_pack_share }, /* which part of its CPU makes the key */
    { "p12-limit", bench_pack_limit },
    { "p12-", bench_pack_new },
    { "key-", bench_key },
    { "crl-limit-", bench_crl_limit },
    { "crl-", bench_crl },
    { "ocsp", bench_ocsp },
    { "render-", bench_render },
};

static int usage(void)
{
    fprintf(stderr,
            "usage: inkan-bench NAME [--seconds S]\n"
            "NAME: sign-KIND, sign-limit-KIND, p12-KIND, p12-ready-KIND, p12-share-KIND, p12-limit, key-KIND (KIND: p256 p384 rsa2048 rsa3072\n"
            "rsa4096), crl-N, crl-limit-N, ocsp, render-N\n");
    return 2;
}

int main(int argc, char **argv)
{
    double seconds = 2, result = -1;

    if ((argc != 2 && argc != 4) || (argc == 4 && !g_str_equal(argv[2], "--seconds")))
        return usage();
    if (argc == 4)
        seconds = g_ascii_strtod(argv[3], NULL);
    if (!(seconds > 0 && seconds <= 3600))
        return usage();
    crypto_start();
    for (size_t i = 0; i < G_N_ELEMENTS(benches); i++) {
        if (g_str_has_prefix(argv[1], benches[i].prefix)) {
            result = benches[i].run(argv[1] + strlen(benches[i].prefix), seconds);
            break;
        }
    }
    if (result < 0)
        return usage();
    printf(result < 1 ? "%.4f\n" : "%.2f\n", result);
    return 0;
}

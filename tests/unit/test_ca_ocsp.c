/* OCSP with libcrypto as the client: ca/ocsp.h. */
#include <openssl/ocsp.h>
#include <string.h>

#include "ca/ocsp.h"
#include "tests/unit/ca_fixture.h"
#include "tests/unit/run.h"

struct world {
    struct fixture f;
    X509 *issuer, *leaf;
    CaOcspIssuer *hashes;
    CaIssuer *responder;
};

static X509 *native(GBytes *der)
{
    const unsigned char *p = g_bytes_get_data(der, NULL);

    return d2i_X509(NULL, &p, (long)g_bytes_get_size(der));
}

static void world_init(struct world *w, enum ca_key_kind kind)
{
    struct ca_authority what = { .serial = "0f1e2d3c4b5a69788796a5b4c3d2e1f001020304", .not_before = FIXTURE_NOW - 3600,
                                 .not_after = FIXTURE_NOW + 29 * DAY, .common_name = "Test Responder" };
    g_autoptr(Secret) secret = ca_key_make(kind, NULL);
    g_autoptr(CaSigningKey) key = ca_signing_key_from(secret, NULL);
    g_autoptr(GBytes) spki = ca_signing_key_public(key), der = NULL, leaf = NULL;
    g_autoptr(CaCsr) csr = ca_csr_from_public(spki, NULL);
    g_autoptr(GError) error = NULL;

    fixture_init(&w->f, CA_KEY_P256, CA_KEY_P256);
    der = ca_responder_build(&what, csr, w->f.issuer, &error);
    g_assert_no_error(error);
    w->responder = ca_issuer_new_responder(der, key, &error);
    g_assert_no_error(error);
    leaf = fixture_certificate(&w->f);
    w->leaf = native(leaf);
    w->issuer = native(w->f.certificate);
    w->hashes = ca_ocsp_issuer_new(w->f.certificate, NULL);
}

static void world_clear(struct world *w)
{
    ca_issuer_free(w->responder);
    ca_ocsp_issuer_free(w->hashes);
    X509_free(w->leaf);
    X509_free(w->issuer);
    fixture_clear(&w->f);
}

static GBytes *request_bytes(OCSP_REQUEST *request)
{
    unsigned char *der = NULL;
    int n = i2d_OCSP_REQUEST(request, &der);
    GBytes *bytes = g_bytes_new(der, (gsize)n);

    OPENSSL_free(der);
    return bytes;
}

static OCSP_REQUEST *request_for(const struct world *w, const EVP_MD *digest, int nonce)
{
    OCSP_REQUEST *request = OCSP_REQUEST_new();

    OCSP_request_add0_id(request, OCSP_cert_to_id(digest, w->leaf, w->issuer));
    if (nonce)
        OCSP_request_add1_nonce(request, NULL, nonce);
    return request;
}

/* What OCSP_resp_find_status and OCSP_check_nonce say of the answer. */
struct seen {
    int status, reason, nonce, verified;
    gint64 revoked_at, this_update, next_update;
};

static gint64 unix_time(const ASN1_TIME *time)
{
    struct tm tm;

    return time && ASN1_TIME_to_tm(time, &tm) ? (gint64)timegm(&tm) : 0;
}

static struct seen client_reads(const struct world *w, OCSP_REQUEST *request, GBytes *answer, const EVP_MD *digest)
{
    gsize n;
    const unsigned char *begin = g_bytes_get_data(answer, &n), *p = begin;
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &p, (long)n);
    OCSP_BASICRESP *basic;
    OCSP_CERTID *id = OCSP_cert_to_id(digest, w->leaf, w->issuer);
    X509_STORE *store = X509_STORE_new();
    X509_VERIFY_PARAM *parameters = X509_STORE_get0_param(store);
    STACK_OF(X509) *chain = sk_X509_new_null();
    X509 *root = native(w->f.root_certificate);
    ASN1_GENERALIZEDTIME *revoked = NULL, *this_update = NULL, *next_update = NULL;
    unsigned char *again = NULL;
    struct seen seen = { .status = -1 };

    g_assert_nonnull(response);
    g_assert_true(p == begin + n);
    g_assert_cmpint(OCSP_response_status(response), ==, OCSP_RESPONSE_STATUS_SUCCESSFUL);
    g_assert_cmpint(i2d_OCSP_RESPONSE(response, &again), ==, (int)n);
    g_assert_cmpmem(again, n, begin, n);
    basic = OCSP_response_get1_basic(response);
    X509_STORE_add_cert(store, root);
    X509_VERIFY_PARAM_set_time(parameters, (time_t)FIXTURE_NOW);
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_X509_STRICT);
    sk_X509_push(chain, w->issuer);
    seen.verified = OCSP_basic_verify(basic, chain, store, 0);
    seen.nonce = OCSP_check_nonce(request, basic);
    g_assert_true(OCSP_resp_find_status(basic, id, &seen.status, &seen.reason, &revoked, &this_update, &next_update));
    seen.revoked_at = unix_time(revoked);
    seen.this_update = unix_time(this_update);
    seen.next_update = unix_time(next_update);
    OPENSSL_free(again);
    OCSP_CERTID_free(id);
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(response);
    sk_X509_free(chain);
    X509_STORE_free(store);
    X509_free(root);
    return seen;
}

static const struct ca_ocsp_times times = { FIXTURE_NOW, FIXTURE_NOW - 60, FIXTURE_NOW + 3600 };

static void each_status_reaches_an_openssl_client(void)
{
    static const struct { struct ca_ocsp_answer answer; int status, reason;
    } rows[] = {
        { { CA_OCSP_GOOD, 0, CA_REASON_UNSPECIFIED }, V_OCSP_CERTSTATUS_GOOD, -1 },
        { { CA_OCSP_REVOKED, FIXTURE_NOW - 5, CA_REASON_KEY_COMPROMISE },
          V_OCSP_CERTSTATUS_REVOKED,
          OCSP_REVOKED_STATUS_KEYCOMPROMISE },
        { { CA_OCSP_REVOKED, FIXTURE_NOW - 5, CA_REASON_UNSPECIFIED },
          V_OCSP_CERTSTATUS_REVOKED,
          OCSP_REVOKED_STATUS_NOSTATUS },
        { { CA_OCSP_UNKNOWN, 0, CA_REASON_UNSPECIFIED }, V_OCSP_CERTSTATUS_UNKNOWN, -1 },
    };
    static const enum ca_key_kind kinds[] = { CA_KEY_P256, CA_KEY_P384, CA_KEY_RSA2048 };

    for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++) {
        struct world w;
        world_init(&w, kinds[k]);
        for (size_t i = 0; i < G_N_ELEMENTS(rows) * 2; i++) {
            const EVP_MD *digest = i % 2 ? EVP_sha256() : EVP_sha1();
            OCSP_REQUEST *native_request = request_for(&w, digest, 16);
            g_autoptr(GBytes) bytes = request_bytes(native_request), answer = NULL;
            g_autoptr(GError) error = NULL;
            g_autoptr(CaOcspRequest) request = ca_ocsp_parse(bytes, &error);
            struct seen seen;

            g_assert_no_error(error);
            g_assert_cmpuint(ca_ocsp_count(request), ==, 1);
            g_assert_cmpstr(ca_ocsp_serial(request, 0), ==, "0102030405060708090a0b0c0d0e0f1011121314");
            g_assert_true(ca_ocsp_is_for(request, 0, w.hashes));
            g_assert_true(ca_ocsp_has_nonce(request));
            answer = ca_ocsp_build(request, &rows[i / 2].answer, &times, w.responder, &error);
            g_assert_no_error(error);
            seen = client_reads(&w, native_request, answer, digest);
            g_assert_cmpint(seen.verified, ==, 1);
            g_assert_cmpint(seen.nonce, ==, 1);
            g_assert_cmpint(seen.status, ==, rows[i / 2].status);
            if (seen.status == V_OCSP_CERTSTATUS_REVOKED) {
                g_assert_cmpint(seen.reason, ==, rows[i / 2].reason);
                g_assert_cmpint(seen.revoked_at, ==, rows[i / 2].answer.revoked_at);
            }
            g_assert_cmpint(seen.this_update, ==, times.this_update);
            g_assert_cmpint(seen.next_update, ==, times.next_update);
            OCSP_REQUEST_free(native_request);
        }
        world_clear(&w);
    }
}

static void the_issuer_itself_can_answer(void)
{
    struct world w;
    struct ca_ocsp_answer good = { CA_OCSP_GOOD, 0, CA_REASON_UNSPECIFIED };
    OCSP_REQUEST *native_request;
    g_autoptr(GBytes) bytes = NULL, answer = NULL;
    g_autoptr(CaOcspRequest) request = NULL;
    struct seen seen;

    world_init(&w, CA_KEY_P256);
    native_request = request_for(&w, EVP_sha1(), 0);
    bytes = request_bytes(native_request);
    request = ca_ocsp_parse(bytes, NULL);
    answer = ca_ocsp_build(request, &good, &times, w.f.issuer, NULL);
    seen = client_reads(&w, native_request, answer, EVP_sha1());
    g_assert_cmpint(seen.verified, ==, 1);
    g_assert_cmpint(seen.nonce, ==, 2); /* absent in both */
    g_assert_false(ca_ocsp_has_nonce(request));
    OCSP_REQUEST_free(native_request);
    world_clear(&w);
}

static void several_are_answered_in_order(void)
{
    struct world w;
    struct ca_ocsp_answer answers[CA_OCSP_SINGLES];
    OCSP_REQUEST *native_request = OCSP_REQUEST_new();
    g_autoptr(GBytes) bytes = NULL, answer = NULL, more = NULL;
    g_autoptr(CaOcspRequest) request = NULL;
    g_autoptr(GError) error = NULL;
    const unsigned char *p;
    OCSP_RESPONSE *response;
    OCSP_BASICRESP *basic;

    world_init(&w, CA_KEY_P256);
    for (int i = 0; i < CA_OCSP_SINGLES; i++) {
        ASN1_INTEGER *serial = ASN1_INTEGER_new();
        ASN1_INTEGER_set(serial, 100 + i); /* 0x64 … */
        OCSP_request_add0_id(native_request, OCSP_cert_id_new(EVP_sha1(), X509_get_subject_name(w.issuer),
                                                              X509_get0_pubkey_bitstr(w.issuer), serial));
        ASN1_INTEGER_free(serial);
        answers[i] = (struct ca_ocsp_answer){ i % 2 ? CA_OCSP_REVOKED : CA_OCSP_GOOD, FIXTURE_NOW - i, CA_REASON_SUPERSEDED };
    }
    bytes = request_bytes(native_request);
    request = ca_ocsp_parse(bytes, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(ca_ocsp_count(request), ==, CA_OCSP_SINGLES);
    g_assert_cmpstr(ca_ocsp_serial(request, 3), ==, "67");
    answer = ca_ocsp_build(request, answers, &times, w.responder, &error);
    p = g_bytes_get_data(answer, NULL);
    response = d2i_OCSP_RESPONSE(NULL, &p, (long)g_bytes_get_size(answer));
    basic = OCSP_response_get1_basic(response);
    g_assert_cmpint(OCSP_resp_count(basic), ==, CA_OCSP_SINGLES);
    for (int i = 0; i < CA_OCSP_SINGLES; i++)
        g_assert_cmpint(OCSP_single_get0_status(OCSP_resp_get0(basic, i), NULL, NULL, NULL, NULL), ==,
                        i % 2 ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD);
    /* One more is too many. */
    OCSP_request_add0_id(native_request, OCSP_cert_to_id(EVP_sha1(), w.leaf, w.issuer));
    more = request_bytes(native_request);
    g_assert_null(ca_ocsp_parse(more, &error));
    assert_word(&error, CA_ERROR_INPUT, "ocsp-many");
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(response);
    OCSP_REQUEST_free(native_request);
    world_clear(&w);
}

static void nonces_of_1_to_32_bytes_are_echoed(void)
{
    struct world w;
    static const int sizes[] = { 1, 8, 16, 32 };

    world_init(&w, CA_KEY_P256);
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        struct ca_ocsp_answer good = { CA_OCSP_GOOD, 0, CA_REASON_UNSPECIFIED };
        OCSP_REQUEST *native_request = request_for(&w, EVP_sha1(), sizes[i]);
        g_autoptr(GBytes) bytes = request_bytes(native_request), answer = NULL;
        g_autoptr(CaOcspRequest) request = ca_ocsp_parse(bytes, NULL);
        struct seen seen;

        answer = ca_ocsp_build(request, &good, &times, w.responder, NULL);
        seen = client_reads(&w, native_request, answer, EVP_sha1());
        g_assert_cmpint(seen.nonce, ==, 1);
        OCSP_REQUEST_free(native_request);
    }
    {
        OCSP_REQUEST *native_request = request_for(&w, EVP_sha1(), 33);
        g_autoptr(GBytes) bytes = request_bytes(native_request);
        g_autoptr(GError) error = NULL;
        g_assert_null(ca_ocsp_parse(bytes, &error));
        assert_word(&error, CA_ERROR_INPUT, "ocsp-nonce");
        OCSP_REQUEST_free(native_request);
    }
    world_clear(&w);
}

static void another_issuer_or_hash_is_not_ours(void)
{
    struct world w, other;
    OCSP_REQUEST *foreign, *strange;
    g_autoptr(GBytes) a = NULL, b = NULL;
    g_autoptr(CaOcspRequest) ra = NULL, rb = NULL;

    world_init(&w, CA_KEY_P256);
    world_init(&other, CA_KEY_P256);
    foreign = request_for(&other, EVP_sha1(), 0);
    strange = request_for(&w, EVP_sha384(), 0);
    a = request_bytes(foreign);
    b = request_bytes(strange);
    ra = ca_ocsp_parse(a, NULL);
    rb = ca_ocsp_parse(b, NULL);
    g_assert_false(ca_ocsp_is_for(ra, 0, w.hashes)); /* same name, another key */
    g_assert_true(ca_ocsp_is_for(ra, 0, other.hashes));
    g_assert_false(ca_ocsp_is_for(rb, 0, w.hashes));
    OCSP_REQUEST_free(foreign);
    OCSP_REQUEST_free(strange);
    world_clear(&w);
    world_clear(&other);
}

static void damaged_requests_are_refused_or_read_safely(void)
{
    struct world w;
    OCSP_REQUEST *native_request;
    g_autoptr(GBytes) bytes = NULL;
    const unsigned char *p;
    gsize n;

    world_init(&w, CA_KEY_P256);
    native_request = request_for(&w, EVP_sha256(), 16);
    bytes = request_bytes(native_request);
    p = g_bytes_get_data(bytes, &n);
    for (gsize i = 0; i < n; i++) {
        g_autoptr(GBytes) cut = g_bytes_new(p, i);
        g_autoptr(GError) error = NULL;
        g_assert_null(ca_ocsp_parse(cut, &error));
        assert_word(&error, CA_ERROR_INPUT, "ocsp-form");
        for (int bit = 0; bit < 8; bit++) {
            g_autofree unsigned char *changed = g_memdup2(p, n);
            g_autoptr(GBytes) damaged = NULL;
            g_autoptr(CaOcspRequest) request = NULL;
            changed[i] ^= (unsigned char)(1 << bit);
            damaged = g_bytes_new(changed, n);
            request = ca_ocsp_parse(damaged, NULL);
            if (request)
                g_assert_cmpuint(strlen(ca_ocsp_serial(request, 0)), <=, 40);
        }
    }
    OCSP_REQUEST_free(native_request);
    world_clear(&w);
}

static void length_is_bounded(void)
{
    g_autoptr(GBytes) big = g_bytes_new_take(g_malloc0(CA_OCSP_LONGEST + 1), CA_OCSP_LONGEST + 1);
    g_autoptr(GError) error = NULL;

    g_assert_null(ca_ocsp_parse(big, &error));
    assert_word(&error, CA_ERROR_INPUT, "ocsp-long");
}

static void refusals_are_openssls_too(void)
{
    static const struct { enum ca_ocsp_refusal refusal; int status; } rows[] = {
        { CA_OCSP_MALFORMED, OCSP_RESPONSE_STATUS_MALFORMEDREQUEST }, { CA_OCSP_INTERNAL, OCSP_RESPONSE_STATUS_INTERNALERROR },
        { CA_OCSP_TRY_LATER, OCSP_RESPONSE_STATUS_TRYLATER }, { CA_OCSP_UNAUTHORIZED, OCSP_RESPONSE_STATUS_UNAUTHORIZED },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GBytes) bytes = ca_ocsp_error(rows[i].refusal);
        const unsigned char *p = g_bytes_get_data(bytes, NULL);
        OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &p, (long)g_bytes_get_size(bytes));
        g_assert_cmpint(OCSP_response_status(response), ==, rows[i].status);
        OCSP_RESPONSE_free(response);
    }
}

/* What is made here and what a client makes of the same certificate: the same bytes. */
static void the_usual_question_is_openssls(void)
{
    static const char *const words[] = { "sha1", "sha256" };
    struct world w;

    world_init(&w, CA_KEY_P256);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        OCSP_REQUEST *native_request = request_for(&w, i ? EVP_sha256() : EVP_sha1(), 0), *nonce = request_for(&w, i ? EVP_sha256() : EVP_sha1(), 8);
        g_autoptr(GBytes) theirs = request_bytes(native_request), with_nonce = request_bytes(nonce);
        g_autoptr(CaOcspRequest) parsed = ca_ocsp_parse(theirs, NULL), other = ca_ocsp_parse(with_nonce, NULL);
        g_autoptr(GBytes) ours = ca_ocsp_question(w.hashes, words[i], ca_ocsp_serial(parsed, 0));
        g_assert_true(g_bytes_equal(theirs, ours));
        g_assert_cmpstr(ca_ocsp_kept_as(parsed), ==, words[i]);
        g_assert_cmpstr(ca_ocsp_kept_as(other), ==, words[i]);
        g_assert_true(ca_ocsp_has_nonce(other));
        OCSP_REQUEST_free(native_request);
        OCSP_REQUEST_free(nonce);
    }
    g_assert_null(ca_ocsp_question(w.hashes, "md5", "01"));
    g_assert_null(ca_ocsp_question(w.hashes, "sha1", "no hex"));
    world_clear(&w);
}

static void an_answer_is_read_as_it_was_written(void)
{
    static const struct ca_ocsp_answer answers[] = { { .status = CA_OCSP_GOOD }, { .status = CA_OCSP_UNKNOWN },
        { .status = CA_OCSP_REVOKED, .revoked_at = FIXTURE_NOW - 5, .reason = CA_REASON_SUPERSEDED },
        { .status = CA_OCSP_REVOKED, .revoked_at = FIXTURE_NOW - 5, .reason = CA_REASON_UNSPECIFIED } };
    struct ca_ocsp_times when = { FIXTURE_NOW, FIXTURE_NOW - 1, FIXTURE_NOW + 3600 };
    struct ca_ocsp_seen seen;
    struct world w;

    world_init(&w, CA_KEY_P256);
    g_autoptr(GBytes) question = ca_ocsp_question(w.hashes, "sha1", "0102"), refusal = ca_ocsp_error(CA_OCSP_TRY_LATER);
    g_autoptr(CaOcspRequest) request = ca_ocsp_parse(question, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_autoptr(GBytes) der = ca_ocsp_build(request, &answers[i], &when, w.responder, NULL);
        g_assert_true(ca_ocsp_read(der, &seen, NULL));
        g_assert_cmpint(seen.refusal, ==, 0);
        g_assert_cmpmem(&seen.answer, sizeof seen.answer, &answers[i], sizeof answers[i]);
        g_assert_cmpmem(&seen.times, sizeof seen.times, &when, sizeof when);
        for (gsize n = 0; n < g_bytes_get_size(der); n++) { /* cut anywhere: no answer */
            g_autoptr(GBytes) cut = g_bytes_new_from_bytes(der, 0, n);
            g_assert_false(ca_ocsp_read(cut, &seen, NULL));
        }
    }
    g_assert_true(ca_ocsp_read(refusal, &seen, NULL));
    g_assert_cmpint(seen.refusal, ==, CA_OCSP_TRY_LATER);
    world_clear(&w);
}

static const struct unit_test tests[] = {
    { "/ocsp/each status reaches an openssl client", each_status_reaches_an_openssl_client },
    { "/ocsp/the issuer itself can answer", the_issuer_itself_can_answer },
    { "/ocsp/several are answered in order", several_are_answered_in_order },
    { "/ocsp/nonces of 1 to 32 bytes are echoed", nonces_of_1_to_32_bytes_are_echoed },
    { "/ocsp/another issuer or hash is not ours", another_issuer_or_hash_is_not_ours },
    { "/ocsp/damaged requests are refused or read safely", damaged_requests_are_refused_or_read_safely },
    { "/ocsp/length is bounded", length_is_bounded },
    { "/ocsp/refusals are openssl's too", refusals_are_openssls_too },
    { "/ocsp/the usual question is openssl's", the_usual_question_is_openssls },
    { "/ocsp/an answer is read as it was written", an_answer_is_read_as_it_was_written },
};

int main(int argc, char **argv)
{
    return run_tests(argc, argv, tests, G_N_ELEMENTS(tests), NULL, NULL);
}

#include "ca/ocsp.h"

#include <string.h>

#include "ca/crypto.h"
#include "ca/der.h"
#include "ca/native.h"
#include "ca/sign.h"

/* --- Issuers as clients name them ----------------------------------------------------------------------------------------- */

static const struct {
    const char *name, *word;
    size_t size;
    unsigned char oid[9];
    size_t oid_size;
} hashes[] = {
    { "SHA1", "sha1", 20, { 0x2b, 0x0e, 3, 2, 0x1a }, 5 },
    { "SHA256", "sha256", 32, { 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1 }, 9 },
};
enum { HASHES = G_N_ELEMENTS(hashes), HASH_LONGEST = 32, SERIAL_LONGEST = 20 };

struct ca_ocsp_issuer {
    unsigned char name[HASHES][HASH_LONGEST], key[HASHES][HASH_LONGEST];
};

static gboolean hash_issuer(CaOcspIssuer *issuer, const X509 *x)
{
    g_autoptr(GBytes) name = CA_I2D(i2d_X509_NAME, X509_get_subject_name(x));
    const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(x);
    struct der in = der_of(name);

    for (int i = 0; i < HASHES; i++)
        if (!EVP_Q_digest(NULL, hashes[i].name, NULL, in.p, in.n, issuer->name[i], NULL)
            || !EVP_Q_digest(NULL, hashes[i].name, NULL, ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key),
                             issuer->key[i], NULL))
            return FALSE;
    return TRUE;
}

CaOcspIssuer *ca_ocsp_issuer_new(GBytes *certificate, GError **error)
{
    struct der in = der_of(certificate);
    const unsigned char *p = in.p;
    g_autoptr(X509) x = d2i_X509(NULL, &p, (long)in.n);
    g_autoptr(CaOcspIssuer) issuer = g_new0(CaOcspIssuer, 1);

    if (!x || !hash_issuer(issuer, x)) {
        ca_fail(error, CA_ERROR_BROKEN, "issuer", "not a certificate");
        return NULL;
    }
    return g_steal_pointer(&issuer);
}

void ca_ocsp_issuer_free(CaOcspIssuer *issuer)
{
    g_free(issuer);
}

/* --- Requests: RFC 6960 section 4.1.1 ------------------------------------------------------------------------------------- */

struct single {
    struct der id;               /* CertID, whole: goes back as it came */
    int hash;                    /* row of hashes, -1: one that we don't have */
    gboolean usual;              /* the algorithm's parameters are NULL, as nearly all clients write them */
    struct der name, key;        /* of the issuer, hashed */
    char serial[2 * SERIAL_LONGEST + 1];
};

struct ca_ocsp_request {
    GBytes *der;                 /* the cursors below point into it */
    size_t n;
    struct single singles[CA_OCSP_SINGLES];
    struct der nonce;            /* the extension's value, an OCTET STRING whole; n = 0: none */
};

static gboolean read_hash(struct der *in, int *hash, gboolean *usual)
{
    struct der algorithm, oid;

    *hash = -1;
    *usual = FALSE;
    if (!der_take(in, DER_SEQUENCE, &algorithm) || !der_take(&algorithm, DER_OID, &oid))
        return FALSE;
    if (algorithm.n != 0 && !der_is(&algorithm, "\x05\x00", 2)) /* NULL, or nothing */
        return TRUE;
    *usual = algorithm.n != 0;
    for (int i = 0; i < HASHES; i++)
        if (der_is(&oid, hashes[i].oid, hashes[i].oid_size))
            *hash = i;
    return TRUE;
}

static gboolean read_serial(struct der *in, char *out)
{
    struct der serial;

    if (!der_take_unsigned(in, &serial) || serial.n > SERIAL_LONGEST)
        return FALSE;
    for (size_t i = 0; i < serial.n; i++) {
        out[2 * i] = "0123456789abcdef"[serial.p[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[serial.p[i] & 15];
    }
    out[2 * serial.n] = '\0';
    return TRUE;
}

/* Request ::= SEQUENCE { CertID, [0] singleRequestExtensions OPTIONAL } */
static gboolean read_single(struct der *list, struct single *single)
{
    struct der request, id;
    int tag;

    if (!der_take(list, DER_SEQUENCE, &request) || !der_next_is(&request, DER_SEQUENCE)
        || !der_take_any(&request, &tag, &id, &single->id))
        return FALSE;
    if (request.n != 0 && (!der_take(&request, DER_CONTEXT(0), NULL) || request.n != 0))
        return FALSE;
    return read_hash(&id, &single->hash, &single->usual) && der_take(&id, DER_OCTET_STRING, &single->name)
           && der_take(&id, DER_OCTET_STRING, &single->key) && read_serial(&id, single->serial) && id.n == 0;
}

static const unsigned char nonce_oid[] = { 0x2b, 6, 1, 5, 5, 7, 0x30, 1, 2 };

static gboolean read_nonce(struct der value, CaOcspRequest *request, GError **error)
{
    struct der in = value, nonce;

    /* RFC 8954 section 2.1: an OCTET STRING of 1 to 32 bytes, inside the extension's own. */
    if (request->nonce.n != 0 || !der_take(&in, DER_OCTET_STRING, &nonce) || in.n != 0 || nonce.n < 1
        || nonce.n > CA_OCSP_NONCE)
        return ca_fail(error, CA_ERROR_INPUT, "ocsp-nonce", "one of 1 to %d bytes", CA_OCSP_NONCE);
    request->nonce = value;
    return TRUE;
}

static gboolean read_extension(struct der *list, CaOcspRequest *request, GError **error)
{
    struct der extension, oid, flag, value;
    gboolean critical;

    if (!der_take(list, DER_SEQUENCE, &extension) || !der_take(&extension, DER_OID, &oid))
        return ca_fail(error, CA_ERROR_INPUT, "ocsp-form", "an extension is malformed");
    critical = der_take(&extension, DER_BOOLEAN, &flag);
    if (!der_take(&extension, DER_OCTET_STRING, &value) || extension.n != 0 || (critical && !der_is(&flag, "\xff", 1)))
        return ca_fail(error, CA_ERROR_INPUT, "ocsp-form", "an extension is malformed");
    if (der_is(&oid, nonce_oid, sizeof nonce_oid))
        return read_nonce(value, request, error);
    return !critical || ca_fail(error, CA_ERROR_INPUT, "ocsp-form", "a critical extension that is unknown here");
}

static gboolean read_list(struct der list, CaOcspRequest *request, GError **error)
{
    while (list.n > 0) {
        if (request->n == CA_OCSP_SINGLES)
            return ca_fail(error, CA_ERROR_INPUT, "ocsp-many", "more than %d certificates at once", CA_OCSP_SINGLES);
        if (!read_single(&list, &request->singles[request->n]))
            return ca_fail(error, CA_ERROR_INPUT, "ocsp-form", "a single request is malformed");
        request->n++;
    }
    return request->n > 0 || ca_fail(error, CA_ERROR_INPUT, "ocsp-form", "it asks for nothing");
}

static gboolean read_extensions(struct der tagged, CaOcspRequest *request, GError **error)
{
    struct der list;

    if (!der_take(&tagged, DER_SEQUENCE, &list) || tagged.n != 0)
        return ca_fail(error, CA_ERROR_INPUT, "ocsp-form", "malformed extensions");
    while (list.n > 0)
        if (!read_extension(&list, request, error))
            return FALSE;
    return TRUE;
}

static gboolean read_request(struct der in, CaOcspRequest *request, GError **error)
{
    struct der whole, tbs, list, part;

    if (!der_take(&in, DER_SEQUENCE, &whole) || in.n != 0 || !der_take(&whole, DER_SEQUENCE, &tbs))
        return ca_fail(error, CA_ERROR_INPUT, "ocsp-form", "not an OCSP request");
    if (whole.n != 0 && (!der_take(&whole, DER_CONTEXT(0), NULL) || whole.n != 0))
        return ca_fail(error, CA_ERROR_INPUT, "ocsp-form", "something else than a signature follows");
    /* Version 1 is 0, the default; DER leaves it out, some clients write it. */
    if (der_take(&tbs, DER_CONTEXT(0), &part) && !der_is(&part, "\x02\x01\x00", 3))
        return ca_fail(error, CA_ERROR_INPUT, "ocsp-form", "an unknown version");
    (void)der_take(&tbs, DER_CONTEXT(1), NULL); /* requestorName */
    if (!der_take(&tbs, DER_SEQUENCE, &list))
        return ca_fail(error, CA_ERROR_INPUT, "ocsp-form", "no list of requests");
    if (!read_list(list, request, error))
        return FALSE;
    if (der_take(&tbs, DER_CONTEXT(2), &part) && !read_extensions(part, request, error))
        return FALSE;
    return tbs.n == 0 || ca_fail(error, CA_ERROR_INPUT, "ocsp-form", "something after the extensions");
}

CaOcspRequest *ca_ocsp_parse(GBytes *der, GError **error)
{
    g_autoptr(CaOcspRequest) request = g_new0(CaOcspRequest, 1);

    request->der = g_bytes_ref(der);
    if (g_bytes_get_size(der) > CA_OCSP_LONGEST) {
        ca_fail(error, CA_ERROR_INPUT, "ocsp-long", "more than %d bytes", CA_OCSP_LONGEST);
        return NULL;
    }
    if (!read_request(der_of(der), request, error))
        return NULL;
    return g_steal_pointer(&request);
}

void ca_ocsp_request_free(CaOcspRequest *request)
{
    if (!request)
        return;
    g_bytes_unref(request->der);
    g_free(request);
}

size_t ca_ocsp_count(const CaOcspRequest *request)
{
    return request->n;
}

const char *ca_ocsp_serial(const CaOcspRequest *request, size_t i)
{
    return request->singles[i].serial;
}

gboolean ca_ocsp_is_for(const CaOcspRequest *request, size_t i, const CaOcspIssuer *issuer)
{
    const struct single *single = &request->singles[i];

    return single->hash >= 0 && der_is(&single->name, issuer->name[single->hash], hashes[single->hash].size)
           && der_is(&single->key, issuer->key[single->hash], hashes[single->hash].size);
}

gboolean ca_ocsp_has_nonce(const CaOcspRequest *request)
{
    return request->nonce.n != 0;
}

const char *ca_ocsp_kept_as(const CaOcspRequest *request)
{
    const struct single *single = &request->singles[0];

    return request->n == 1 && single->hash >= 0 && single->usual ? hashes[single->hash].word : NULL;
}

static int hash_of(const char *word)
{
    for (int i = 0; i < HASHES; i++)
        if (strcmp(hashes[i].word, word) == 0)
            return i;
    return -1;
}

/* CertID, section 4.1.1. */
static gboolean write_id(GByteArray *out, const CaOcspIssuer *issuer, int hash, const char *serial)
{
    guint id = der_begin(out, DER_SEQUENCE), algorithm = der_begin(out, DER_SEQUENCE);
    gboolean ok;

    der_element(out, DER_OID, hashes[hash].oid, hashes[hash].oid_size);
    der_element(out, DER_NULL, "", 0);
    der_end(out, algorithm);
    der_element(out, DER_OCTET_STRING, issuer->name[hash], hashes[hash].size);
    der_element(out, DER_OCTET_STRING, issuer->key[hash], hashes[hash].size);
    ok = der_integer_hex(out, serial);
    der_end(out, id);
    return ok;
}

GBytes *ca_ocsp_question(const CaOcspIssuer *issuer, const char *word, const char *serial)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    guint levels[4];
    int hash = hash_of(word);

    for (size_t i = 0; i < G_N_ELEMENTS(levels); i++) /* OCSPRequest, TBSRequest, requestList, Request */
        levels[i] = der_begin(out, DER_SEQUENCE);
    if (hash < 0 || !write_id(out, issuer, hash, serial))
        return NULL;
    for (size_t i = G_N_ELEMENTS(levels); i-- > 0;)
        der_end(out, levels[i]);
    return g_byte_array_free_to_bytes(g_steal_pointer(&out));
}

/* --- Answers: section 4.2.1 ----------------------------------------------------------------------------------------------- */

static void write_status(GByteArray *out, const struct ca_ocsp_answer *answer)
{
    guint revoked, reason;
    unsigned char code = (unsigned char)answer->reason;

    switch (answer->status) {
    case CA_OCSP_GOOD:
        der_element(out, DER_IMPLICIT(0), "", 0);
        return;
    case CA_OCSP_UNKNOWN:
        der_element(out, DER_IMPLICIT(2), "", 0);
        return;
    case CA_OCSP_REVOKED:
        break;
    }
    revoked = der_begin(out, DER_CONTEXT(1));
    der_generalized_time(out, answer->revoked_at);
    if (answer->reason != CA_REASON_UNSPECIFIED) {
        reason = der_begin(out, DER_CONTEXT(0));
        der_element(out, DER_ENUMERATED, &code, 1);
        der_end(out, reason);
    }
    der_end(out, revoked);
}

static void write_single(GByteArray *out, const struct single *single, const struct ca_ocsp_answer *answer,
                         const struct ca_ocsp_times *times)
{
    guint response = der_begin(out, DER_SEQUENCE), next;

    der_raw(out, single->id.p, single->id.n);
    write_status(out, answer);
    der_generalized_time(out, times->this_update);
    next = der_begin(out, DER_CONTEXT(0));
    der_generalized_time(out, times->next_update);
    der_end(out, next);
    der_end(out, response);
}

static void write_nonce(GByteArray *out, const struct der *nonce)
{
    guint tagged = der_begin(out, DER_CONTEXT(1)), list = der_begin(out, DER_SEQUENCE),
          extension = der_begin(out, DER_SEQUENCE);

    der_element(out, DER_OID, nonce_oid, sizeof nonce_oid);
    der_element(out, DER_OCTET_STRING, nonce->p, nonce->n);
    der_end(out, extension);
    der_end(out, list);
    der_end(out, tagged);
}

static void write_data(GByteArray *out, const CaOcspRequest *request, const struct ca_ocsp_answer *answers,
                       const struct ca_ocsp_times *times, const struct ca_signer *signer)
{
    guint data = der_begin(out, DER_SEQUENCE), by_key = der_begin(out, DER_CONTEXT(2)), list;

    der_element(out, DER_OCTET_STRING, signer->key_hash, sizeof signer->key_hash);
    der_end(out, by_key);
    der_generalized_time(out, times->produced_at);
    list = der_begin(out, DER_SEQUENCE);
    for (size_t i = 0; i < request->n; i++)
        write_single(out, &request->singles[i], &answers[i], times);
    der_end(out, list);
    if (request->nonce.n != 0)
        write_nonce(out, &request->nonce);
    der_end(out, data);
}

/* BasicOCSPResponse; the delegate's certificate goes along, the issuer's own the client has. */
static gboolean write_basic(GByteArray *out, const CaOcspRequest *request, const struct ca_ocsp_answer *answers,
                            const struct ca_ocsp_times *times, const CaIssuer *signer, GError **error)
{
    guint basic = der_begin(out, DER_SEQUENCE), tagged, list;

    write_data(out, request, answers, times, ca_issuer_signer(signer));
    if (!ca_signer_append(ca_issuer_signer(signer), out, basic, error))
        return FALSE;
    if (ca_issuer_is_responder(signer)) {
        tagged = der_begin(out, DER_CONTEXT(0));
        list = der_begin(out, DER_SEQUENCE);
        der_raw_bytes(out, ca_issuer_certificate(signer));
        der_end(out, list);
        der_end(out, tagged);
    }
    der_end(out, basic);
    return TRUE;
}

GBytes *ca_ocsp_build(const CaOcspRequest *request, const struct ca_ocsp_answer *answers, const struct ca_ocsp_times *times,
                      const CaIssuer *signer, GError **error)
{
    static const unsigned char successful[] = { DER_ENUMERATED, 1, 0 };
    static const unsigned char basic_oid[] = { DER_OID, 9, 0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1 };
    g_autoptr(GByteArray) out = g_byte_array_sized_new(2048);
    guint whole = der_begin(out, DER_SEQUENCE), tagged, bytes, octets;

    der_raw(out, successful, sizeof successful);
    tagged = der_begin(out, DER_CONTEXT(0));
    bytes = der_begin(out, DER_SEQUENCE);
    der_raw(out, basic_oid, sizeof basic_oid);
    octets = der_begin(out, DER_OCTET_STRING);
    if (!write_basic(out, request, answers, times, signer, error))
        return NULL;
    der_end(out, octets);
    der_end(out, bytes);
    der_end(out, tagged);
    der_end(out, whole);
    return g_byte_array_free_to_bytes(g_steal_pointer(&out));
}

GBytes *ca_ocsp_error(enum ca_ocsp_refusal refusal)
{
    const unsigned char out[] = { DER_SEQUENCE, 3, DER_ENUMERATED, 1, (unsigned char)refusal };

    return g_bytes_new(out, sizeof out);
}

/* --- Answers read again --------------------------------------------------------------------------------------------------- */

static gboolean read_status(struct der *single, struct ca_ocsp_seen *seen)
{
    struct der status, reason, code;
    int tag;

    if (!der_take_any(single, &tag, &status, NULL))
        return FALSE;
    seen->answer.status = tag == DER_IMPLICIT(0) ? CA_OCSP_GOOD : tag == DER_CONTEXT(1) ? CA_OCSP_REVOKED : CA_OCSP_UNKNOWN;
    if (seen->answer.status != CA_OCSP_REVOKED)
        return tag == DER_IMPLICIT(0) || tag == DER_IMPLICIT(2);
    if (!der_take_time(&status, &seen->answer.revoked_at))
        return FALSE;
    if (der_take(&status, DER_CONTEXT(0), &reason) && der_take(&reason, DER_ENUMERATED, &code) && code.n == 1)
        seen->answer.reason = code.p[0];
    return TRUE;
}

/* SingleResponse; the nextUpdate that is optional there is always in ours. */
static gboolean read_response(struct der single, struct ca_ocsp_seen *seen)
{
    struct der next;

    return der_take(&single, DER_SEQUENCE, NULL) && read_status(&single, seen) && der_take_time(&single, &seen->times.this_update)
           && der_take(&single, DER_CONTEXT(0), &next) && der_take_time(&next, &seen->times.next_update);
}

static gboolean read_basic(struct der octets, struct ca_ocsp_seen *seen)
{
    struct der basic, data, list, single;

    if (!der_take(&octets, DER_SEQUENCE, &basic) || !der_take(&basic, DER_SEQUENCE, &data))
        return FALSE;
    if (!der_take(&data, DER_CONTEXT(2), NULL) && !der_take(&data, DER_CONTEXT(1), NULL)) /* responderID */
        return FALSE;
    return der_take_time(&data, &seen->times.produced_at) && der_take(&data, DER_SEQUENCE, &list)
           && der_take(&list, DER_SEQUENCE, &single) && list.n == 0 && read_response(single, seen);
}

gboolean ca_ocsp_read(GBytes *der, struct ca_ocsp_seen *seen, GError **error)
{
    struct der in = der_of(der), response, status, tagged, bytes, octets;

    memset(seen, 0, sizeof *seen);
    if (der_take(&in, DER_SEQUENCE, &response) && in.n == 0 && der_take(&response, DER_ENUMERATED, &status) && status.n == 1) {
        seen->refusal = status.p[0];
        if (seen->refusal != 0 && response.n == 0)
            return TRUE;
        if (seen->refusal == 0 && der_take(&response, DER_CONTEXT(0), &tagged) && der_take(&tagged, DER_SEQUENCE, &bytes)
            && der_take(&bytes, DER_OID, NULL) && der_take(&bytes, DER_OCTET_STRING, &octets) && read_basic(octets, seen))
            return TRUE;
    }
    return ca_fail(error, CA_ERROR_INPUT, "ocsp-answer", "not an OCSP response about one certificate");
}

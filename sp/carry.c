#include "sp/carry.h"

#include <string.h>

#include "sp/attributes.h"
#include "sp/keys.h"
#include "sp/peer.h"
#include "sp/record.h"
#include "sp/strict.h"

#define WAY_MOST (2 * 1024 * 1024) /* to the child */
#define ANSWER_MOST (1024 * 1024)     /* and back; 100 attributes of 100 values would be more, and no IdP's */
#define NAME_MOST 1024             /* entity ids, NameIDs and what belongs to them: as the checks have it */
#define XML_MOST 1048576           /* an EntityDescriptor (sp/entity.h) */
#define SAML_MOST 65536            /* lasso's dump of a login */
#define CONTEXTS_MOST 100
#define CERTIFICATE_MOST 16384
#define LATEST G_GINT64_CONSTANT(253402300799) /* 9999-12-31 */
#define KEY_DIGITS 64

static gboolean unread(GError **error)
{
    g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "opener-answer: a record that does not read");
    return FALSE;
}

static gboolean garbled(GError **error)
{
    g_set_error(error, SP_ERROR, SP_ERROR_BROKEN, "opener: a question that does not read");
    return FALSE;
}

static char *bytes_as_text(struct sp_record *record, size_t most)
{
    size_t n = 0;
    const guchar *bytes = sp_record_bytes(record, most, &n);
    return g_strndup(bytes != NULL ? (const char *)bytes : "", n);
}

static void put_text_as_bytes(SpRecordWriter *writer, const char *text)
{
    sp_record_put_bytes(writer, text, strlen(text));
}

/* --- the IdP -------------------------------------------------------------------------------------------------------------- */

static void put_peer(SpRecordWriter *writer, const char *idp, const char *xml)
{
    put_text_as_bytes(writer, idp);
    put_text_as_bytes(writer, xml);
}

static struct sp_carry_peer take_peer(struct sp_record *record)
{
    struct sp_carry_peer peer = { 0 };
    peer.idp = (const char *)sp_record_bytes(record, NAME_MOST, &peer.idp_n);
    peer.xml = (const char *)sp_record_bytes(record, XML_MOST, &peer.xml_n);
    return peer;
}

gboolean sp_carry_peer(const guchar *input, size_t n, struct sp_carry_peer *peer)
{
    struct sp_record record = sp_record_read(input, n);
    *peer = take_peer(&record);
    return !record.bad;
}

static GBytes *carry_certificates(const GPtrArray *certificates)
{
    SpRecordWriter *writer = sp_record_new((CERTIFICATE_MOST + 16) * SP_KEYS_MOST);
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    for (guint i = 0; i < certificates->len; i++) g_ptr_array_add(list, certificates->pdata[i]);
    g_ptr_array_add(list, NULL);
    sp_record_put_list(writer, (const char *const *)list->pdata);
    return sp_record_take(writer);
}

char **sp_carry_certificates(const guchar *bytes, size_t n, GError **error)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    struct sp_record record = sp_record_read(bytes, n);
    g_auto(GStrv) list = sp_record_list(&record, SP_KEYS_MOST, CERTIFICATE_MOST);
    gboolean good = sp_record_end(&record) && list[0] != NULL;
    for (char **one = list; good && *one != NULL; one++) good = (*one)[strspn(*one, alphabet)] == '\0';
    if (good) return g_steal_pointer(&list);
    (void)unread(error);
    return NULL;
}

gboolean sp_job_peer(const struct sp_job *job, GError **error)
{
    struct sp_carry_peer peer;
    if (!sp_carry_peer(job->input, job->n, &peer)) return garbled(error);
    g_autofree char *idp = g_strndup(peer.idp, peer.idp_n), *xml = g_strndup(peer.xml, peer.xml_n);
    g_autoptr(GPtrArray) certificates = sp_peer_certificates(idp, xml, error);
    return certificates != NULL && sp_job_send(job, carry_certificates(certificates), error);
}

/* --- a response ----------------------------------------------------------------------------------------------------------- */

GBytes *sp_carry_response(const char *base64, size_t n, const struct sp_want *want)
{
    SpRecordWriter *writer = sp_record_new(WAY_MOST);
    put_peer(writer, want->idp, want->idp_xml);
    sp_record_put_bytes(writer, base64, n);
    sp_record_put_text(writer, want->request_id);
    put_text_as_bytes(writer, want->saml);
    sp_record_put_text(writer, want->destination);
    sp_record_put_number(writer, want->now);
    sp_record_put_number(writer, want->skew);
    sp_record_put_list(writer, want->contexts);
    return sp_record_take(writer);
}

gboolean sp_job_response(const struct sp_job *job, GError **error)
{
    struct sp_record record = sp_record_read(job->input, job->n);
    const struct sp_carry_peer peer = take_peer(&record);
    size_t n = 0;
    const guchar *base64 = sp_record_bytes(&record, SP_RESPONSE_LONGEST + 1, &n);
    g_autofree char *request_id = sp_record_text(&record, NAME_MOST), *saml = bytes_as_text(&record, SAML_MOST);
    g_autofree char *destination = sp_record_text_or_null(&record, NAME_MOST);
    struct sp_want want = { .request_id = request_id, .saml = saml, .destination = destination };
    want.now = sp_record_number(&record, 0, LATEST);
    want.skew = (int)sp_record_number(&record, 0, 86400);
    g_auto(GStrv) contexts = sp_record_list(&record, CONTEXTS_MOST, NAME_MOST);
    want.contexts = (const char *const *)contexts;
    if (!sp_record_end(&record) || job->service == NULL) return garbled(error);
    g_autofree char *idp = g_strndup(peer.idp, peer.idp_n), *xml = g_strndup(peer.xml, peer.xml_n);
    want.idp = idp;
    want.idp_xml = xml;
    g_autoptr(SpIdentity) identity = sp_response_verify(job->service, (const char *)base64, n, &want, error);
    return identity != NULL && sp_job_send(job, sp_carry_identity(identity), error);
}

/* --- an identity ---------------------------------------------------------------------------------------------------------- */

static void put_attributes(SpRecordWriter *writer, const GPtrArray *attributes)
{
    sp_record_put_number(writer, attributes->len);
    for (guint i = 0; i < attributes->len; i++) {
        const SpAttribute *attribute = attributes->pdata[i];
        sp_record_put_text(writer, attribute->name);
        sp_record_put_text(writer, attribute->friendly);
        sp_record_put_list(writer, (const char *const *)attribute->values);
    }
}

/* Which attribute it is for us is looked up here again. */
static GPtrArray *take_attributes(struct sp_record *record)
{
    GPtrArray *attributes = sp_attributes_list();
    gint64 n = sp_record_number(record, 0, SP_ATTRIBUTES_MOST);
    for (gint64 i = 0; i < n && !record->bad; i++) {
        g_autofree char *name = sp_record_long_text(record, SP_ATTRIBUTE_NAME_LONGEST);
        g_autofree char *friendly = sp_record_long_text(record, SP_ATTRIBUTE_NAME_LONGEST);
        g_auto(GStrv) values = sp_record_list(record, SP_ATTRIBUTE_VALUES_MOST, SP_ATTRIBUTE_VALUE_LONGEST);
        sp_attributes_add(attributes, name, friendly, (const char *const *)values);
    }
    return attributes;
}

GBytes *sp_carry_identity(const SpIdentity *identity)
{
    SpRecordWriter *writer = sp_record_new(ANSWER_MOST);
    sp_record_put_text(writer, identity->idp);
    sp_record_put_text(writer, identity->assertion_id);
    sp_record_put_number(writer, identity->assertion_until);
    sp_record_put_text(writer, identity->name_id);
    sp_record_put_text(writer, identity->name_id_format);
    sp_record_put_text(writer, identity->name_qualifier);
    sp_record_put_text(writer, identity->sp_name_qualifier);
    sp_record_put_text(writer, identity->session_index);
    sp_record_put_number(writer, identity->session_until);
    sp_record_put_number(writer, identity->authn_instant);
    sp_record_put_text(writer, identity->context);
    sp_record_put_text(writer, identity->key);
    sp_record_put_text(writer, identity->algorithm);
    put_attributes(writer, identity->attributes);
    return sp_record_take(writer);
}

static gboolean is_key(const char *text)
{
    return strlen(text) == KEY_DIGITS && strspn(text, "0123456789abcdef") == KEY_DIGITS;
}

SpIdentity *sp_carry_identity_read(const guchar *bytes, size_t n, GError **error)
{
    struct sp_record record = sp_record_read(bytes, n);
    g_autoptr(SpIdentity) out = g_new0(SpIdentity, 1);
    out->idp = sp_record_text(&record, NAME_MOST);
    out->assertion_id = sp_record_text(&record, SP_STRICT_ID);
    out->assertion_until = sp_record_number(&record, 1, LATEST);
    out->name_id = sp_record_long_text(&record, NAME_MOST);
    out->name_id_format = sp_record_long_text(&record, NAME_MOST);
    out->name_qualifier = sp_record_long_text(&record, NAME_MOST);
    out->sp_name_qualifier = sp_record_long_text(&record, NAME_MOST);
    out->session_index = sp_record_long_text(&record, NAME_MOST);
    out->session_until = sp_record_number(&record, 0, LATEST);
    out->authn_instant = sp_record_number(&record, 1, LATEST);
    out->context = sp_record_long_text(&record, NAME_MOST);
    out->key = sp_record_text(&record, KEY_DIGITS);
    out->algorithm = sp_record_text(&record, NAME_MOST);
    out->attributes = take_attributes(&record);
    sp_identity_keep(out);
    if (sp_record_end(&record) && out->assertion_id[0] != '\0' && is_key(out->key)) return g_steal_pointer(&out);
    (void)unread(error);
    return NULL;
}

/* --- a logout message ----------------------------------------------------------------------------------------------------- */

static void put_input(SpRecordWriter *writer, const struct sp_logout_input *input)
{
    const char *const parts[] = { input->query, input->saml_request, input->saml_response, input->relay_state };
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        sp_record_put_number(writer, parts[i] != NULL);
        if (parts[i] != NULL) sp_record_put_bytes(writer, parts[i], strnlen(parts[i], SP_LOGOUT_LONGEST + 1)); /* refused there */
    }
}

struct owned_input {
    char *parts[4];
    struct sp_logout_input input;
};

static void owned_input_clear(struct owned_input *owned)
{
    for (size_t i = 0; i < G_N_ELEMENTS(owned->parts); i++) g_free(owned->parts[i]);
}
typedef struct owned_input OwnedInput;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OwnedInput, owned_input_clear)

static void take_input(struct sp_record *record, OwnedInput *owned)
{
    for (size_t i = 0; i < G_N_ELEMENTS(owned->parts); i++)
        if (sp_record_flag(record)) owned->parts[i] = bytes_as_text(record, SP_LOGOUT_LONGEST + 1);
    owned->input = (struct sp_logout_input){ owned->parts[0], owned->parts[1], owned->parts[2], owned->parts[3] };
}

GBytes *sp_carry_logout_input(const struct sp_logout_input *input)
{
    SpRecordWriter *writer = sp_record_new(WAY_MOST);
    put_input(writer, input);
    return sp_record_take(writer);
}

GBytes *sp_carry_logout(const struct sp_logout_input *input, const struct sp_logout_want *want)
{
    SpRecordWriter *writer = sp_record_new(WAY_MOST);
    put_peer(writer, want->idp, want->idp_xml);
    put_input(writer, input);
    sp_record_put_text(writer, want->request_id);
    sp_record_put_number(writer, want->now);
    sp_record_put_number(writer, want->skew);
    return sp_record_take(writer);
}

gboolean sp_job_logout_issuer(const struct sp_job *job, GError **error)
{
    struct sp_record record = sp_record_read(job->input, job->n);
    g_auto(OwnedInput) owned = { 0 };
    take_input(&record, &owned);
    if (!sp_record_end(&record)) return garbled(error);
    g_autofree char *issuer = sp_logout_issuer(&owned.input, error);
    if (issuer == NULL) return FALSE;
    SpRecordWriter *writer = sp_record_new(NAME_MOST + 64);
    sp_record_put_text(writer, issuer);
    return sp_job_send(job, sp_record_take(writer), error);
}

gboolean sp_job_logout(const struct sp_job *job, GError **error)
{
    struct sp_record record = sp_record_read(job->input, job->n);
    const struct sp_carry_peer peer = take_peer(&record);
    g_auto(OwnedInput) owned = { 0 };
    take_input(&record, &owned);
    g_autofree char *request_id = sp_record_text_or_null(&record, NAME_MOST);
    struct sp_logout_want want = { .request_id = request_id };
    want.now = sp_record_number(&record, 0, LATEST);
    want.skew = (int)sp_record_number(&record, 0, 86400);
    if (!sp_record_end(&record) || job->service == NULL) return garbled(error);
    g_autofree char *idp = g_strndup(peer.idp, peer.idp_n), *xml = g_strndup(peer.xml, peer.xml_n);
    want.idp = idp;
    want.idp_xml = xml;
    g_autoptr(SpLogoutMessage) message = sp_logout_verify(job->service, &owned.input, &want, error);
    return message != NULL && sp_job_send(job, sp_carry_message(message), error);
}

/* --- what was in it ------------------------------------------------------------------------------------------------------- */

GBytes *sp_carry_message(const SpLogoutMessage *message)
{
    SpRecordWriter *writer = sp_record_new(ANSWER_MOST);
    sp_record_put_number(writer, message->request);
    sp_record_put_number(writer, message->post);
    sp_record_put_text(writer, message->issuer);
    sp_record_put_text(writer, message->id);
    sp_record_put_text(writer, message->relay_state);
    sp_record_put_number(writer, message->until);
    sp_record_put_number(writer, message->success);
    sp_record_put_text(writer, message->name_id);
    sp_record_put_text(writer, message->name_id_format);
    sp_record_put_text(writer, message->name_qualifier);
    sp_record_put_text(writer, message->sp_name_qualifier);
    sp_record_put_list(writer, (const char *const *)message->session_indexes);
    sp_record_put_text(writer, message->key);
    sp_record_put_text(writer, message->algorithm);
    return sp_record_take(writer);
}

SpLogoutMessage *sp_carry_message_read(const guchar *bytes, size_t n, GError **error)
{
    struct sp_record record = sp_record_read(bytes, n);
    g_autoptr(SpLogoutMessage) out = g_new0(SpLogoutMessage, 1);
    out->request = sp_record_flag(&record);
    out->post = sp_record_flag(&record);
    out->issuer = sp_record_text(&record, NAME_MOST);
    out->id = sp_record_text(&record, SP_STRICT_ID);
    out->relay_state = sp_record_text_or_null(&record, SP_LOGOUT_RELAY_STATE_LONGEST);
    out->until = sp_record_number(&record, 1, LATEST);
    out->success = sp_record_flag(&record);
    out->name_id = sp_record_long_text(&record, NAME_MOST);
    out->name_id_format = sp_record_long_text(&record, NAME_MOST);
    out->name_qualifier = sp_record_long_text(&record, NAME_MOST);
    out->sp_name_qualifier = sp_record_long_text(&record, NAME_MOST);
    out->session_indexes = sp_record_list(&record, SP_LOGOUT_INDEXES_MOST, NAME_MOST);
    out->key = sp_record_text(&record, KEY_DIGITS);
    out->algorithm = sp_record_text(&record, NAME_MOST);
    gboolean named = !out->request || out->name_id[0] != '\0';
    if (sp_record_end(&record) && out->id[0] != '\0' && named && is_key(out->key)) return g_steal_pointer(&out);
    (void)unread(error);
    return NULL;
}

/* --- who asks ------------------------------------------------------------------------------------------------------------- */

/* One record, once. */
struct wanted {
    gpointer (*read)(const guchar *record, size_t n, GError **error);
    gpointer result;
};

static gboolean take_one(const guchar *record, size_t n, gpointer data, GError **error)
{
    struct wanted *wanted = data;
    if (wanted->result != NULL) return unread(error);
    wanted->result = wanted->read(record, n, error);
    return wanted->result != NULL;
}

/* Takes QUESTION. */
static gpointer ask(SpOpener *opener, enum sp_job_kind kind, GBytes *question, struct wanted wanted, GDestroyNotify destroy,
                    GError **error)
{
    g_autoptr(GBytes) owned = question;
    gsize n = 0;
    if (question == NULL) {
        g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "bytes: too many");
        return NULL;
    }
    const void *bytes = g_bytes_get_data(owned, &n);
    gboolean good = sp_opener_ask(opener, kind, bytes, n, take_one, &wanted, error);
    if (good && wanted.result == NULL) (void)unread(error);
    if (!good && wanted.result != NULL) {
        destroy(wanted.result);
        wanted.result = NULL;
    }
    return wanted.result;
}

static gpointer read_identity(const guchar *record, size_t n, GError **error)
{
    return sp_carry_identity_read(record, n, error);
}

static void free_identity(gpointer identity)
{
    sp_identity_free(identity);
}

SpIdentity *sp_opener_response(SpOpener *opener, const char *base64, size_t n, const struct sp_want *want, GError **error)
{
    const struct wanted wanted = { read_identity, NULL };
    GBytes *question = sp_carry_response(base64, MIN(n, SP_RESPONSE_LONGEST + 1), want);
    g_autoptr(SpIdentity) identity = ask(opener, SP_JOB_RESPONSE, question, wanted, free_identity, error);
    if (identity != NULL && strcmp(identity->idp, want->idp) != 0) {
        (void)unread(error);
        return NULL;
    }
    return g_steal_pointer(&identity);
}

static gpointer read_issuer(const guchar *bytes, size_t n, GError **error)
{
    struct sp_record record = sp_record_read(bytes, n);
    g_autofree char *issuer = sp_record_text(&record, NAME_MOST);
    if (sp_record_end(&record) && issuer[0] != '\0') return g_steal_pointer(&issuer);
    (void)unread(error);
    return NULL;
}

char *sp_opener_logout_issuer(SpOpener *opener, const struct sp_logout_input *input, GError **error)
{
    const struct wanted wanted = { read_issuer, NULL };
    return ask(opener, SP_JOB_LOGOUT_ISSUER, sp_carry_logout_input(input), wanted, g_free, error);
}

static gpointer read_message(const guchar *record, size_t n, GError **error)
{
    return sp_carry_message_read(record, n, error);
}

static void free_message(gpointer message)
{
    sp_logout_message_free(message);
}

SpLogoutMessage *sp_opener_logout(SpOpener *opener, const struct sp_logout_input *input, const struct sp_logout_want *want,
                                  GError **error)
{
    const struct wanted wanted = { read_message, NULL };
    GBytes *question = sp_carry_logout(input, want);
    g_autoptr(SpLogoutMessage) message = ask(opener, SP_JOB_LOGOUT, question, wanted, free_message, error);
    if (message != NULL && strcmp(message->issuer, want->idp) != 0) {
        (void)unread(error);
        return NULL;
    }
    return g_steal_pointer(&message);
}

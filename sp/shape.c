#include "sp/shape.h"

#include <string.h>

static gboolean refuse(GError **error, const char *check, const char *why, const char *what)
{
    g_autofree char *quoted = what != NULL ? sp_xml_quote(what) : g_strdup("");
    g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "%s: %s%s%s", check, why, what != NULL ? " " : "", quoted);
    return FALSE;
}

static gboolean in_list(const char *const *list, const char *value)
{
    return value != NULL && g_strv_contains(list, value);
}

/* --- algorithms: what is not here is refused ------------------------------------------------------------------------------ */

#define MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define XMLENC11 "http://www.w3.org/2009/xmlenc11#"

static const char *const signature_methods[] = {
    MORE "rsa-sha256",   MORE "rsa-sha384",   MORE "rsa-sha512",
    MORE "ecdsa-sha256", MORE "ecdsa-sha384", MORE "ecdsa-sha512", NULL,
};
static const char *const digest_methods[] = { SP_NS_XMLENC "sha256", MORE "sha384", SP_NS_XMLENC "sha512", NULL };
/* "With comments" is the same here: there are none. */
static const char *const c14n_methods[] = { SP_NS_EXC_C14N, SP_NS_EXC_C14N "WithComments", NULL };
static const char *const gcm_methods[] = { XMLENC11 "aes128-gcm", XMLENC11 "aes192-gcm", XMLENC11 "aes256-gcm", NULL };
static const char *const cbc_methods[] = {
    SP_NS_XMLENC "aes128-cbc", SP_NS_XMLENC "aes192-cbc", SP_NS_XMLENC "aes256-cbc", NULL,
};
#define ENVELOPED SP_NS_DSIG "enveloped-signature"

/* RSA-OAEP, the old name (its mask is by SHA-1, always) and the new one. SHA-1 is no danger there: collisions do not matter. */
static const char *const oaep_methods[] = { SP_NS_XMLENC "rsa-oaep-mgf1p", XMLENC11 "rsa-oaep", NULL };
static const struct named { const char *uri, *name; } oaep_digests[] = {
    { SP_NS_DSIG "sha1", "SHA1" }, { SP_NS_XMLENC "sha256", "SHA256" }, { MORE "sha384", "SHA384" },
    { SP_NS_XMLENC "sha512", "SHA512" }, { NULL, NULL },
};
static const struct named oaep_masks[] = {
    { XMLENC11 "mgf1sha1", "SHA1" }, { XMLENC11 "mgf1sha256", "SHA256" }, { XMLENC11 "mgf1sha384", "SHA384" },
    { XMLENC11 "mgf1sha512", "SHA512" }, { NULL, NULL },
};

gboolean sp_shape_algorithm(const char *uri)
{
    return in_list(signature_methods, uri);
}

/* Canonicalization looks for each of these prefixes at each element, and before the signature's value is tried: 20,000 of them
   keep it busy for seconds. Real lists are "xs xsi". */
#define PREFIXES_LONGEST 512 /* bytes */

static gboolean prefixes_ok(const xmlNode *node)
{
    g_autofree char *list = sp_xml_attribute(node, "PrefixList");
    return sp_xml_is(node, SP_NS_EXC_C14N, "InclusiveNamespaces") && sp_xml_next_element(node) == NULL
           && sp_xml_first_element(node) == NULL && (list == NULL || strlen(list) <= PREFIXES_LONGEST);
}

/* NODE must be {dsig}NAME with an Algorithm of LIST and no children (exclusive c14n may have its InclusiveNamespaces). */
static gboolean method(const xmlNode *node, const char *name, const char *const *list, const char *check, GError **error)
{
    if (!sp_xml_is(node, SP_NS_DSIG, name)) return refuse(error, "signature", "missing or out of place:", name);
    g_autofree char *algorithm = sp_xml_attribute(node, "Algorithm");
    if (!in_list(list, algorithm)) return refuse(error, check, name, algorithm);
    xmlNode *child = sp_xml_first_element(node);
    if (child == NULL) return TRUE;
    return (list == c14n_methods && prefixes_ok(child)) || refuse(error, check, "something inside", name);
}

/* --- one signature -------------------------------------------------------------------------------------------------------- */

static gboolean transforms(const xmlNode *node, GError **error)
{
    static const char *const enveloped[] = { ENVELOPED, NULL };
    if (!sp_xml_is(node, SP_NS_DSIG, "Transforms")) return refuse(error, "transform", "none", NULL);
    const xmlNode *first = sp_xml_first_element(node);
    if (!method(first, "Transform", enveloped, "transform", error)) return FALSE;
    const xmlNode *second = sp_xml_next_element(first);
    if (second == NULL) return refuse(error, "transform", "no exclusive canonicalization", NULL);
    if (!method(second, "Transform", c14n_methods, "transform", error)) return FALSE;
    return sp_xml_next_element(second) == NULL || refuse(error, "transform", "more than two", NULL);
}

static gboolean reference(const xmlNode *node, const xmlNode *target, gboolean whole, GError **error)
{
    g_autofree char *uri = sp_xml_attribute(node, "URI");
    g_autofree char *id = sp_xml_attribute(target, "ID");
    gboolean by_id = uri != NULL && uri[0] == '#' && id != NULL && strcmp(uri + 1, id) == 0;
    gboolean by_document = whole && uri != NULL && uri[0] == '\0';
    if (!by_id && !by_document) return refuse(error, "reference", "not to the element that holds the signature:", uri);
    const xmlNode *part = sp_xml_first_element(node);
    if (!transforms(part, error)) return FALSE;
    part = sp_xml_next_element(part);
    if (!method(part, "DigestMethod", digest_methods, "algorithm", error)) return FALSE;
    part = sp_xml_next_element(part);
    if (!sp_xml_is(part, SP_NS_DSIG, "DigestValue") || sp_xml_next_element(part) != NULL || sp_xml_first_element(part) != NULL)
        return refuse(error, "signature", "no clean DigestValue", NULL);
    return TRUE;
}

static gboolean signed_info(const xmlNode *info, const xmlNode *target, gboolean whole, GError **error)
{
    const xmlNode *part = sp_xml_first_element(info);
    if (!method(part, "CanonicalizationMethod", c14n_methods, "algorithm", error)) return FALSE;
    part = sp_xml_next_element(part);
    if (!method(part, "SignatureMethod", signature_methods, "algorithm", error)) return FALSE;
    part = sp_xml_next_element(part);
    if (!sp_xml_is(part, SP_NS_DSIG, "Reference")) return refuse(error, "reference", "none", NULL);
    if (sp_xml_next_element(part) != NULL) return refuse(error, "reference", "more than one", NULL);
    return reference(part, target, whole, error);
}

gboolean sp_shape_signature(const xmlNode *signature, gboolean whole, GError **error)
{
    const xmlNode *part = sp_xml_first_element(signature);
    if (!sp_xml_is(part, SP_NS_DSIG, "SignedInfo")) return refuse(error, "signature", "does not begin with SignedInfo", NULL);
    if (sp_xml_count(signature, SP_NS_DSIG, "SignedInfo") != 1) return refuse(error, "signature", "two SignedInfo", NULL);
    if (!signed_info(part, signature->parent, whole, error)) return FALSE;
    part = sp_xml_next_element(part);
    if (!sp_xml_is(part, SP_NS_DSIG, "SignatureValue") || sp_xml_first_element(part) != NULL)
        return refuse(error, "signature", "no clean SignatureValue", NULL);
    part = sp_xml_next_element(part);
    if (sp_xml_is(part, SP_NS_DSIG, "KeyInfo")) part = sp_xml_next_element(part);
    return part == NULL || refuse(error, "signature", "something else inside:", (const char *)part->name);
}

/* --- encryption ----------------------------------------------------------------------------------------------------------- */

xmlNode *sp_shape_encrypted_data(const xmlNode *holder)
{
    return sp_xml_child(holder, SP_NS_XMLENC, "EncryptedData");
}

xmlNode *sp_shape_encrypted_key(const xmlNode *holder)
{
    const xmlNode *info = sp_xml_child(sp_shape_encrypted_data(holder), SP_NS_DSIG, "KeyInfo");
    xmlNode *inside = sp_xml_child(info, SP_NS_XMLENC, "EncryptedKey");
    return inside != NULL ? inside : sp_xml_child(holder, SP_NS_XMLENC, "EncryptedKey");
}

static char *algorithm_of(const xmlNode *encrypted)
{
    return sp_xml_attribute(sp_xml_child(encrypted, SP_NS_XMLENC, "EncryptionMethod"), "Algorithm");
}

gboolean sp_shape_is_cbc(const xmlNode *holder)
{
    g_autofree char *algorithm = algorithm_of(sp_shape_encrypted_data(holder));
    return in_list(cbc_methods, algorithm);
}

size_t sp_shape_key_size(const xmlNode *holder)
{
    g_autofree char *algorithm = algorithm_of(sp_shape_encrypted_data(holder));
    return algorithm == NULL ? 0 : strstr(algorithm, "aes128") != NULL ? 16 : strstr(algorithm, "aes192") != NULL ? 24 : 32;
}

/* OpenSSL's name for the Algorithm of METHOD; NULL: not in LIST. */
static const char *name_in(const struct named *list, const xmlNode *method_)
{
    g_autofree char *uri = sp_xml_attribute(method_, "Algorithm");
    for (; list->uri != NULL; list++)
        if (g_strcmp0(list->uri, uri) == 0) return list->name;
    return NULL;
}

struct sp_shape_oaep sp_shape_oaep(const xmlNode *holder)
{
    const xmlNode *how = sp_xml_child(sp_shape_encrypted_key(holder), SP_NS_XMLENC, "EncryptionMethod");
    const char *digest = name_in(oaep_digests, sp_xml_child(how, SP_NS_DSIG, "DigestMethod"));
    const char *mgf = name_in(oaep_masks, sp_xml_child(how, XMLENC11, "MGF"));
    return (struct sp_shape_oaep){ digest != NULL ? digest : "SHA1", mgf != NULL ? mgf : "SHA1" };
}

/* CipherData with one CipherValue, in an EncryptedData or EncryptedKey. */
static gboolean cipher_value(const xmlNode *holder, GError **error)
{
    const xmlNode *data = sp_xml_child(holder, SP_NS_XMLENC, "CipherData");
    const xmlNode *value = sp_xml_child(data, SP_NS_XMLENC, "CipherValue");
    if (value == NULL || sp_xml_count(holder, SP_NS_XMLENC, "CipherData") != 1 || sp_xml_first_element(data) != value
        || sp_xml_next_element(value) != NULL || sp_xml_first_element(value) != NULL)
        return refuse(error, "encryption", "not one CipherValue", NULL);
    return TRUE;
}

static gboolean data_method(const xmlNode *data, GError **error)
{
    const xmlNode *how = sp_xml_child(data, SP_NS_XMLENC, "EncryptionMethod");
    g_autofree char *algorithm = sp_xml_attribute(how, "Algorithm");
    if (!in_list(gcm_methods, algorithm) && !in_list(cbc_methods, algorithm))
        return refuse(error, "encryption", "data by", algorithm);
    if (sp_xml_count(data, SP_NS_XMLENC, "EncryptionMethod") != 1 || sp_xml_first_element(how) != NULL)
        return refuse(error, "encryption", "not one plain EncryptionMethod", NULL);
    return TRUE;
}

/* What may stand in the EncryptionMethod of a key: a digest, and under the new name a mask, each once. */
static gboolean oaep_parameters(const xmlNode *how, gboolean old, GError **error)
{
    int digests = 0, masks = 0;
    for (const xmlNode *part = sp_xml_first_element(how); part != NULL; part = sp_xml_next_element(part)) {
        gboolean digest = sp_xml_is(part, SP_NS_DSIG, "DigestMethod") && name_in(oaep_digests, part) != NULL;
        gboolean mask = !old && sp_xml_is(part, XMLENC11, "MGF") && name_in(oaep_masks, part) != NULL;
        if ((!digest && !mask) || sp_xml_first_element(part) != NULL || (digests += digest) > 1 || (masks += mask) > 1)
            return refuse(error, "key-transport", "parameters that we don't know", NULL);
    }
    return TRUE;
}

static gboolean key_method(const xmlNode *key, GError **error)
{
    const xmlNode *how = sp_xml_child(key, SP_NS_XMLENC, "EncryptionMethod");
    g_autofree char *algorithm = sp_xml_attribute(how, "Algorithm");
    if (sp_xml_count(key, SP_NS_XMLENC, "EncryptionMethod") != 1 || !in_list(oaep_methods, algorithm))
        return refuse(error, "key-transport", "by", algorithm);
    return oaep_parameters(how, strcmp(algorithm, oaep_methods[0]) == 0, error);
}

/* A RetrievalMethod may only point from the data's KeyInfo to the one key beside the data. */
static gboolean retrieval(const xmlNode *root, const xmlNode *data, const xmlNode *key, GError **error)
{
    g_autofree char *id = sp_xml_attribute(key, "Id");
    for (const xmlNode *node = root; node != NULL; node = sp_xml_walk(root, node)) {
        if (!sp_xml_is(node, SP_NS_DSIG, "RetrievalMethod")) continue;
        g_autofree char *uri = sp_xml_attribute(node, "URI");
        if (node->parent->parent != data || sp_xml_first_element(node) != NULL || id == NULL || uri == NULL || uri[0] != '#'
            || strcmp(uri + 1, id) != 0)
            return refuse(error, "reference", "a RetrievalMethod to", uri);
    }
    return TRUE;
}

/* Nothing but one EncryptedData and at most one EncryptedKey beside it. */
static gboolean encrypted_element(const xmlNode *holder, GError **error)
{
    const xmlNode *data = sp_shape_encrypted_data(holder), *key = sp_shape_encrypted_key(holder);
    if (data == NULL || key == NULL) return refuse(error, "encryption", "no data or no key", NULL);
    int keys = 0, datas = 0;
    for (const xmlNode *node = holder; node != NULL; node = sp_xml_walk(holder, node)) {
        if (sp_xml_is(node, SP_NS_XMLENC, "EncryptedKey")) keys++;
        if (sp_xml_is(node, SP_NS_XMLENC, "EncryptedData")) datas++;
    }
    if (keys != 1 || datas != 1) return refuse(error, "encryption", "not one key and one data", NULL);
    return data_method(data, error) && key_method(key, error) && cipher_value(data, error) && cipher_value(key, error)
           && retrieval(holder, data, key, error);
}

#define NO_AUTHN_CONTEXT "urn:oasis:names:tc:SAML:2.0:status:NoAuthnContext"

/* --- whole documents ------------------------------------------------------------------------------------------------------ */

/* Elements that must not be there at all, or only below a certain parent (one of the rows of its name): they could give a second
   meaning to a signature. */
static const struct place {
    const char *ns, *name;
    const char *parent_ns, *parent; /* NULL: nowhere */
    const char *check;
} places[] = {
    { SP_NS_XMLENC, "CipherReference", NULL, NULL, "cipher-reference" },
    { SP_NS_ASSERTION, "EncryptedID", SP_NS_ASSERTION, "Subject", "encryption" },
    { SP_NS_ASSERTION, "EncryptedID", SP_NS_PROTOCOL, "LogoutRequest", "encryption" },
    { SP_NS_ASSERTION, "EncryptedAttribute", NULL, NULL, "encryption" },
    { SP_NS_PROTOCOL, "NewEncryptedID", NULL, NULL, "encryption" },
    { SP_NS_DSIG, "Object", NULL, NULL, "signature" },
    { SP_NS_DSIG, "Manifest", NULL, NULL, "signature" },
    { SP_NS_DSIG, "SignedInfo", SP_NS_DSIG, "Signature", "signature" },
    { SP_NS_DSIG, "SignatureValue", SP_NS_DSIG, "Signature", "signature" },
    { SP_NS_DSIG, "Reference", SP_NS_DSIG, "SignedInfo", "reference" },
    { SP_NS_DSIG, "Transforms", SP_NS_DSIG, "Reference", "transform" },
    { SP_NS_DSIG, "Transform", SP_NS_DSIG, "Transforms", "transform" },
};

static gboolean in_place(const xmlNode *node, GError **error)
{
    const struct place *wrong = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        if (!sp_xml_is(node, places[i].ns, places[i].name)) continue;
        if (places[i].parent != NULL && sp_xml_is(node->parent, places[i].parent_ns, places[i].parent)) return TRUE;
        wrong = &places[i];
    }
    return wrong == NULL || refuse(error, wrong->check, "out of place:", wrong->name);
}

struct count {
    int responses, assertions, encrypted; /* anywhere */
};

static struct count count(const xmlNode *root)
{
    struct count n = { 0, 0, 0 };
    for (const xmlNode *node = root; node != NULL; node = sp_xml_walk(root, node)) {
        n.responses += sp_xml_is(node, SP_NS_PROTOCOL, "Response");
        n.assertions += sp_xml_is(node, SP_NS_ASSERTION, "Assertion");
        n.encrypted += sp_xml_is(node, SP_NS_ASSERTION, "EncryptedAssertion");
    }
    return n;
}

/* Every element in its place; signatures only on ROOT and on OTHER (may be NULL), one each, of the right shape. */
static gboolean all_in_place(const xmlNode *root, const xmlNode *other, GError **error)
{
    for (const xmlNode *node = root; node != NULL; node = sp_xml_walk(root, node)) {
        if (!in_place(node, error)) return FALSE;
        if (!sp_xml_is(node, SP_NS_DSIG, "Signature")) continue;
        if (node->parent != root && node->parent != other) return refuse(error, "signature", "on another element", NULL);
        if (sp_xml_count(node->parent, SP_NS_DSIG, "Signature") != 1)
            return refuse(error, "signature", "two on one element", NULL);
        if (!sp_shape_signature(node, FALSE, error)) return FALSE;
    }
    return TRUE;
}

static gboolean in_encrypted_id(const xmlNode *node)
{
    while (node != NULL && !sp_xml_is(node, SP_NS_ASSERTION, "EncryptedID")) node = node->parent;
    return node != NULL;
}

/* Nothing is encrypted below ROOT but a NameID, one at most, which all_in_place has found where it may be. */
static gboolean only_a_name_encrypted(const xmlNode *root, GError **error)
{
    int names = 0;
    for (const xmlNode *node = root; node != NULL; node = sp_xml_walk(root, node)) {
        if (sp_xml_is(node, SP_NS_ASSERTION, "EncryptedID") && (names++ > 0 || !encrypted_element(node, error)))
            return names == 1 ? FALSE : refuse(error, "encryption", "two names", NULL);
        if (sp_xml_is(node, SP_NS_XMLENC, (const char *)node->name) && !in_encrypted_id(node))
            return refuse(error, "encryption", "in a clear element", NULL);
    }
    return TRUE;
}

/* A response that brings no assertion says why in its Status: worth more in the log than 'structure'. One reason is to be
   told to the person, and then the whole must be as clean as any other. */
static gboolean no_assertion(const xmlNode *root, GError **error)
{
    const xmlNode *code = sp_xml_child(sp_xml_child(root, SP_NS_PROTOCOL, "Status"), SP_NS_PROTOCOL, "StatusCode");
    g_autofree char *value = sp_xml_attribute(code, "Value");
    g_autofree char *more = sp_xml_attribute(sp_xml_child(code, SP_NS_PROTOCOL, "StatusCode"), "Value");
    if (value == NULL || g_str_has_suffix(value, ":Success")) return refuse(error, "structure", "no assertion", NULL);
    if (g_strcmp0(more, NO_AUTHN_CONTEXT) == 0)
        return all_in_place(root, NULL, error) && only_a_name_encrypted(root, error);
    return refuse(error, "status", "no assertion, the IdP says", more != NULL ? more : value);
}

gboolean sp_shape_response(const xmlDoc *doc, GError **error)
{
    const xmlNode *root = xmlDocGetRootElement(doc);
    if (!sp_xml_is(root, SP_NS_PROTOCOL, "Response"))
        return refuse(error, "structure", "not a Response but", (const char *)root->name);
    struct count n = count(root);
    if (n.responses != 1) return refuse(error, "structure", "more than one Response", NULL);
    if (n.assertions + n.encrypted > 1) return refuse(error, "structure", "more than one assertion", NULL);
    if (n.assertions + n.encrypted == 0) return no_assertion(root, error);
    const xmlNode *clear = sp_xml_child(root, SP_NS_ASSERTION, "Assertion");
    const xmlNode *encrypted = sp_xml_child(root, SP_NS_ASSERTION, "EncryptedAssertion");
    if (clear == NULL && encrypted == NULL)
        return refuse(error, "structure", "the assertion is not a child of the Response", NULL);
    if (!all_in_place(root, clear, error)) return FALSE;
    return encrypted != NULL ? encrypted_element(encrypted, error) : only_a_name_encrypted(root, error);
}

gboolean sp_shape_assertion(const xmlDoc *doc, GError **error)
{
    const xmlNode *root = xmlDocGetRootElement(doc);
    struct count n = count(root);
    if (!sp_xml_is(root, SP_NS_ASSERTION, "Assertion") || n.responses != 0 || n.assertions != 1 || n.encrypted != 0)
        return refuse(error, "structure", "not one Assertion but", (const char *)root->name);
    return all_in_place(root, NULL, error) && only_a_name_encrypted(root, error);
}

gboolean sp_shape_message(const xmlDoc *doc, const char *name, GError **error)
{
    const xmlNode *root = xmlDocGetRootElement(doc);
    struct count n = count(root);
    if (!sp_xml_is(root, SP_NS_PROTOCOL, name) || n.responses != 0 || n.assertions + n.encrypted != 0)
        return refuse(error, "structure", "not what was announced but", (const char *)root->name);
    return all_in_place(root, NULL, error) && only_a_name_encrypted(root, error);
}

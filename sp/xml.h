/*
 * sp/xml: libxml2's tree, as this room uses it: names, a few helpers that read, and documents that free themselves.
 * Text returned as char * is the caller's (g_free).
 */
#ifndef SP_XML_H
#define SP_XML_H

#include <glib.h>
#include <libxml/tree.h>

#define SP_NS_PROTOCOL "urn:oasis:names:tc:SAML:2.0:protocol"
#define SP_NS_ASSERTION "urn:oasis:names:tc:SAML:2.0:assertion"
#define SP_NS_METADATA "urn:oasis:names:tc:SAML:2.0:metadata"
#define SP_NS_MDUI "urn:oasis:names:tc:SAML:metadata:ui"
#define SP_NS_MDATTR "urn:oasis:names:tc:SAML:metadata:attribute"
#define SP_NS_SHIBMD "urn:mace:shibboleth:metadata:1.0"
#define SP_NS_DSIG "http://www.w3.org/2000/09/xmldsig#"
#define SP_NS_XMLENC "http://www.w3.org/2001/04/xmlenc#"
#define SP_NS_EXC_C14N "http://www.w3.org/2001/10/xml-exc-c14n#"

#define SP_BINDING_REDIRECT "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
#define SP_BINDING_POST "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
#define SP_FORMAT_PERSISTENT "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"

typedef xmlDoc SpXml;
void sp_xml_free(SpXml *doc);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SpXml, sp_xml_free)

gboolean sp_xml_is(const xmlNode *node, const char *ns, const char *name);
/* The first child of that name, the next sibling of that name; NULL for none. */
xmlNode *sp_xml_child(const xmlNode *parent, const char *ns, const char *name);
xmlNode *sp_xml_next(const xmlNode *node, const char *ns, const char *name);
/* Walks the children of PARENT with that name, in order. */
#define SP_XML_EACH(node, parent, ns, name)                                                                                    \
    for (xmlNode *node = sp_xml_child(parent, ns, name); node != NULL; node = sp_xml_next(node, ns, name))
/* The first child that is an element, the next sibling that is one. */
xmlNode *sp_xml_first_element(const xmlNode *parent);
xmlNode *sp_xml_next_element(const xmlNode *node);
int sp_xml_count(const xmlNode *parent, const char *ns, const char *name);

/* All text below NODE, without white space around it; NULL for NULL. */
char *sp_xml_text(const xmlNode *node) G_GNUC_WARN_UNUSED_RESULT;
gboolean sp_xml_text_is(const xmlNode *node, const char *text);
/* An attribute without namespace; NULL for none. */
char *sp_xml_attribute(const xmlNode *node, const char *name) G_GNUC_WARN_UNUSED_RESULT;
gboolean sp_xml_attribute_is(const xmlNode *node, const char *name, const char *value);

/* The element after NODE in document order within ROOT (start with ROOT itself); NULL at the end. No recursion. */
xmlNode *sp_xml_walk(const xmlNode *root, const xmlNode *node);

/* Control characters, and those that turn text round or cannot be seen: with them a name reads as another. */
gboolean sp_xml_hides(gunichar c);

/* TEXT fit for an error message: cut at 80 characters, control characters and broken UTF-8 replaced. */
char *sp_xml_quote(const char *text) G_GNUC_WARN_UNUSED_RESULT;

#endif

#include "sp/pem.h"

#include <string.h>

#define DASHES "-----"
#define LABEL_LONGEST 40

/* Behind the label's line of a block that begins at BEGIN; NULL if it has another label, or none. */
static const char *behind_label(const char *begin, const char *label)
{
    const char *name = begin + strlen(DASHES "BEGIN "), *dashes = strstr(name, DASHES);
    if (dashes == NULL || dashes - name > LABEL_LONGEST) return NULL;
    gsize n = (gsize)(dashes - name), wanted = strlen(label);
    if (n < wanted || memcmp(dashes - wanted, label, wanted) != 0) return NULL;
    return n == wanted || dashes[-(gssize)wanted - 1] == ' ' ? dashes + strlen(DASHES) : NULL;
}

const char *sp_pem_next(const char **p, const char *label, gsize *n)
{
    const char *begin = *p;
    while ((begin = strstr(begin, DASHES "BEGIN ")) != NULL) {
        const char *body = behind_label(begin, label);
        const char *end = body != NULL ? strstr(body, DASHES "END ") : NULL;
        const char *close = end != NULL ? strstr(end + strlen(DASHES "END "), DASHES) : NULL;
        if (close != NULL) {
            *p = close + strlen(DASHES);
            *n = (gsize)(*p - begin);
            return begin;
        }
        begin += strlen(DASHES "BEGIN ");
    }
    return NULL;
}

char *sp_pem_body(const char *block, gsize n)
{
    const char *begin = strstr(block + strlen(DASHES), DASHES) + strlen(DASHES);
    const char *end = g_strstr_len(begin, (gssize)(block + n - begin), DASHES "END ");
    return g_strstrip(g_strndup(begin, (gsize)(end - begin)));
}

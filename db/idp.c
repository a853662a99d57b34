/* In a file of its own: programs that handle such rows and have no database are not linked with one. */
#include "db/metadata.h"

void db_idp_free(DbIdp *idp)
{
    if (idp == NULL) return;
    char *texts[] = { idp->source, idp->entity_id, idp->xml, idp->name_en, idp->name_ja, idp->keywords, idp->logo,
                      idp->contact_name, idp->contact_mail, idp->search, idp->hash };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) g_free(texts[i]);
    g_strfreev(idp->scopes);
    g_strfreev(idp->scope_regexps);
    g_free(idp);
}

/*
 * sp/discovery: the IdPs that people choose from, as the portal sees them.
 */
#ifndef SP_DISCOVERY_H
#define SP_DISCOVERY_H

#include "db/discovery.h"
#include "db/logo.h"
#include "db/metadata.h"

typedef DbIdp SpIdp; /* fields in db/metadata.h */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SpIdp, db_idp_free)

/* One by its entity id, NULL without ERROR where there is none: see db/metadata.h. */
#define sp_idp_get db_metadata_get

/* What is chosen from: see db/discovery.h. */
typedef DbChoice SpChoice;
#define sp_choices_search db_discovery_search
#define sp_choices_named  db_discovery_named
/* The picture that a choice has: see db/logo.h. */
#define sp_choice_logo    db_logo_picture

#endif

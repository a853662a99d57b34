#include "db/db.h"

/* Each group of tables adds its line here, so that a test can prepare every statement of the program. */

const DbGroup *const db_groups[] = {
    NULL,
};

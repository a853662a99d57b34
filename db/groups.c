#include "db/audit.h"
#include "db/code.h"
#include "db/dashboard.h"
#include "db/blocked.h"
#include "db/bulk.h"
#include "db/db.h"
#include "db/digest.h"
#include "db/discovery.h"
#include "db/ending.h"
#include "db/event.h"
#include "db/institution.h"
#include "db/issuer.h"
#include "db/job.h"
#include "db/listing.h"
#include "db/logo.h"
#include "db/metadata.h"
#include "db/metadata_query.h"
#include "db/metrics.h"
#include "db/migration.h"
#include "db/officer.h"
#include "db/outbox.h"
#include "db/person.h"
#include "db/pickup.h"
#include "db/print.h"
#include "db/policy.h"
#include "db/profile.h"
#include "db/proposal.h"
#include "db/publish.h"
#include "db/radar.h"
#include "db/reconcile.h"
#include "db/registration.h"
#include "db/request.h"
#include "db/session.h"
#include "db/statistics.h"
#include "db/status.h"
#include "db/sweep.h"
#include "db/trail.h"

/* Each group of tables adds its line here, so that a test can prepare every statement of the program. */

const DbGroup *const db_groups[] = {
    &db_audit_group,
    &db_audit_signer_group,
    &db_audit_worker_group,
    &db_code_group,
    &db_dashboard_group,
    &db_dashboard_portal_group,
    &db_blocked_group,
    &db_digest_group,
    &db_bulk_group,
    &db_discovery_group,
    &db_ending_group,
    &db_event_group,
    &db_institution_group,
    &db_institution_owner_group,
    &db_issuer_group,
    &db_issuer_owner_group,
    &db_issuer_responder_group,
    &db_issuer_signer_group,
    &db_job_group,
    &db_listing_group,
    &db_logo_group,
    &db_logo_worker_group,
    &db_metadata_group,
    &db_metadata_refresh_group,
    &db_metadata_query_group,
    &db_metrics_group,
    &db_migration_group,
    &db_officer_group,
    &db_outbox_group,
    &db_outbox_worker_group,
    &db_person_group,
    &db_pickup_group,
    &db_pickup_worker_group,
    &db_print_group,
    &db_policy_group,
    &db_policy_owner_group,
    &db_profile_group,
    &db_profile_owner_group,
    &db_proposal_group,
    &db_proposal_worker_group,
    &db_publish_group,
    &db_radar_group,
    &db_radar_worker_group,
    &db_reconcile_group,
    &db_registration_group,
    &db_registration_portal_group,
    &db_request_group,
    &db_request_portal_group,
    &db_request_worker_group,
    &db_session_group,
    &db_statistics_group,
    &db_statistics_worker_group,
    &db_statistics_owner_group,
    &db_status_group,
    &db_status_worker_group,
    &db_sweep_group,
    &db_trail_group,
    NULL,
};

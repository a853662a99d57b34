/*
 * sp/warm: what libraries make at the first message (types, tables, caches of algorithms, the provider's keys), made once in
 * the opener instead of in each of its children: 0.4 ms a login. The message is a text of ours; nothing of an outsider's is read.
 */
#ifndef SP_WARM_H
#define SP_WARM_H

#include "sp/peer.h"

/* For the IdP that was just learnt, now the first of service->peers. What comes out does not matter: it is refused. */
void sp_warm(SpService *service);

#endif

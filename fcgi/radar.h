/*
 * radar: what an IdP says otherwise than certificates do, as an element, for the owner's page and the helpdesk's.
 */
#ifndef FCGI_RADAR_H
#define FCGI_RADAR_H

#include "fcgi/portal.h"
#include "ra/radar.h"

/* <change id kind was is? rule due? seen-at count mails> with a <number/> for each request. */
WebNode *radar_change(const Exchange *x, WebNode *parent, const RaRadarChange *change);
/* The changes that the owner has not put away, with the keys of what can be done. */
void radar_of_person(const Exchange *x, WebNode *root, const GPtrArray *changes);

#endif

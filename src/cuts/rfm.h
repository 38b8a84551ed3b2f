/*
 * rfm.h
 *		The eight classes of RFM.
 */
#ifndef CUSTOMER_TIER_RFM_H
#define CUSTOMER_TIER_RFM_H

#include "base/compat.h"

extern Datum ct_class8(bool r_high, bool f_high, bool m_high, Datum language);

#endif							/* CUSTOMER_TIER_RFM_H */

/* A wish to end, which another thread may utter at any time. */

#ifndef CAUSALDISC_WATCH_H
#define CAUSALDISC_WATCH_H

static inline int causaldisc_stops(const int *stop) { return *(const volatile int *)stop; }

#endif

// The precision of ratings and factors.
#pragma once

/// The namespace within odot of everything: programs that were compiled for one precision do not link with a library of
/// the other.
#ifdef ODOT_DOUBLE
#define ODOT_PRECISION double_precision
#else
#define ODOT_PRECISION single_precision
#endif

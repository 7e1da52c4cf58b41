cdef double log_normal_tail(double z) noexcept nogil
cdef double log_chi2_tail(double statistic, double df) noexcept nogil

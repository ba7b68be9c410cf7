// The C++ types of element_type.h as lists, for templates that are compiled once for each of them.
#pragma once

#include <cstdint>

#define FOVEA_INTEGER_ELEMENTS(X) X(int32_t) X(int64_t) X(uint8_t) X(uint32_t) X(uint64_t)
#define FOVEA_FLOAT_ELEMENTS(X) X(float) X(double)
#define FOVEA_NUMBER_ELEMENTS(X) X(Half) FOVEA_FLOAT_ELEMENTS(X) FOVEA_INTEGER_ELEMENTS(X)

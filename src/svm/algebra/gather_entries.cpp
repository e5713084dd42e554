#include "svm/algebra/gather_entries.hpp"

#include "pool3/numbers/target_clones.hpp"

namespace pool3::svm {
namespace {

template <typename From, typename To>
[[gnu::always_inline]] inline void pick_entries(const From* row, const std::int32_t* at, std::int64_t count, To* out) {
  for (std::int64_t c = 0; c < count; ++c) out[c] = static_cast<To>(row[at[c]]);
}
POOL3_TARGET_CLONES void floats(const float* row, const std::int32_t* at, std::int64_t count, float* out) {
  pick_entries(row, at, count, out);
}
POOL3_TARGET_CLONES void floats_as_doubles(const float* row, const std::int32_t* at, std::int64_t count, double* out) {
  pick_entries(row, at, count, out);
}
POOL3_TARGET_CLONES void doubles(const double* row, const std::int32_t* at, std::int64_t count, double* out) {
  pick_entries(row, at, count, out);
}

}  // namespace

void pick(const float* row, const std::int32_t* at, std::int64_t count, float* out) { floats(row, at, count, out); }
void pick(const float* row, const std::int32_t* at, std::int64_t count, double* out) {
  floats_as_doubles(row, at, count, out);
}
void pick(const double* row, const std::int32_t* at, std::int64_t count, double* out) { doubles(row, at, count, out); }

}  // namespace pool3::svm

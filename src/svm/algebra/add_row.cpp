#include "svm/algebra/add_row.hpp"

#include "pool3/numbers/target_clones.hpp"

namespace pool3::svm {
namespace {

template <typename From, typename To>
[[gnu::always_inline]] inline void add(const From* row, To step, std::int64_t count, To* to) {
  for (std::int64_t j = 0; j < count; ++j) to[j] += step * static_cast<To>(row[j]);
}
POOL3_TARGET_CLONES void add_floats(const float* row, double step, std::int64_t count, double* to) {
  add(row, step, count, to);
}
POOL3_TARGET_CLONES void add_doubles(const double* row, double step, std::int64_t count, double* to) {
  add(row, step, count, to);
}
POOL3_TARGET_CLONES void add_to_floats(const float* row, float step, std::int64_t count, float* to) {
  add(row, step, count, to);
}

}  // namespace

void add_row(const float* row, double step, std::int64_t count, double* to) { add_floats(row, step, count, to); }
void add_row(const double* row, double step, std::int64_t count, double* to) { add_doubles(row, step, count, to); }
void add_row(const float* row, float step, std::int64_t count, float* to) { add_to_floats(row, step, count, to); }

}  // namespace pool3::svm

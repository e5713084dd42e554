#include "svm/choose_method.hpp"

#include "svm/model/loss.hpp"

namespace pool3::svm {
namespace {

/// Passes that a step with the Gram matrix, and a certificate, take. Less is not worth another method.
constexpr std::int64_t least_passes = 4;

bool is_done(const Shape& shape, const Course& course) {
  if (!course.certified) return false;
  const bool in_float = course.last == Method::gram_newton || course.last == Method::newton;
  const bool is_believed = !in_float || shape.tolerance >= float_tolerance(shape.loss);
  return (course.relative_gap <= shape.tolerance && is_believed) || course.out_of_time ||
         course.passes_left < (in_float ? least_passes : 1);
}

Method first_newton(const Shape& shape, const Course& course) {
  return shape.few_rows && course.passes_left >= least_passes && course.gram_pays() ? Method::gram_newton
                                                                                    : Method::newton;
}

Method start(const Shape& shape, const Course& course, const Stages& stages) {
  if (!stages.hand_over) return Method::descent;
  if (shape.many_rows && !course.descent_is_slow) return Method::sample_start;
  if (shape.many_rows || course.descent_is_slow || !stages.descent) return first_newton(shape, course);
  return Method::descent;
}

}  // namespace

Method choose_method(const Shape& shape, const Course& course, const Stages& stages) {
  if (is_done(shape, course)) return Method::none;
  switch (course.last) {
    case Method::none:
      return start(shape, course, stages);
    case Method::sample_start:
    case Method::descent:
      return stages.hand_over ? first_newton(shape, course) : Method::none;
    case Method::gram_newton:
      return stages.in_double ? Method::gram_newton_in_double : Method::none;
    case Method::newton:
      return stages.in_double ? Method::newton_in_double : Method::none;
    case Method::gram_newton_in_double:
      return Method::newton_in_double;
    case Method::newton_in_double:
      return Method::none;
  }
  return Method::none;
}

}  // namespace pool3::svm

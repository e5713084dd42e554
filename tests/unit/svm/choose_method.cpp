#include "svm/choose_method.hpp"

#include <gtest/gtest.h>

#include "svm/model/stopping.hpp"

namespace pool3 {
namespace {

using svm::Course;
using svm::Method;

/// The methods of a solve whose certificates all say `gap`.
std::vector<Method> sequence(const svm::Shape& shape, double gap, bool gram_pays, Course course = {},
                             const svm::Stages& stages = {}) {
  course.gram_pays = [=] { return gram_pays; };
  course.passes_left = 1000;
  std::vector<Method> methods;
  for (Method m = choose_method(shape, course, stages); m != Method::none; m = choose_method(shape, course, stages)) {
    methods.push_back(m);
    course.last = m;
    course.certified = m != Method::sample_start && m != Method::descent;  // which handed over
    course.relative_gap = gap;
  }
  return methods;
}

using Methods = std::vector<Method>;

TEST(ChooseMethod, FollowsTheTable) {
  const svm::Shape few{.few_rows = true}, many{.many_rows = true}, some{};
  EXPECT_EQ(sequence(some, 0, false), (Methods{Method::descent, Method::newton}));
  EXPECT_EQ(sequence(few, 0, true), (Methods{Method::descent, Method::gram_newton}));
  EXPECT_EQ(sequence(few, 0, false), (Methods{Method::descent, Method::newton}));
  EXPECT_EQ(sequence(many, 0, false), (Methods{Method::sample_start, Method::newton}));
  EXPECT_EQ(sequence(some, 1, false), (Methods{Method::descent, Method::newton, Method::newton_in_double}));
  EXPECT_EQ(sequence(few, 1, true),
            (Methods{Method::descent, Method::gram_newton, Method::gram_newton_in_double, Method::newton_in_double}));
}

TEST(ChooseMethod, LaterSolvesSkipWhatWasSlow) {
  const Course slow{.descent_is_slow = true};
  EXPECT_EQ(sequence({}, 0, false, slow), (Methods{Method::newton}));
  EXPECT_EQ(sequence({.few_rows = true}, 0, true, slow), (Methods{Method::gram_newton}));
  EXPECT_EQ(sequence({.many_rows = true}, 0, false, slow), (Methods{Method::newton}));
}

TEST(ChooseMethod, FloatIsBelievedOnlySoFar) {
  EXPECT_EQ(sequence({.tolerance = 1e-8}, 1e-9, false),
            (Methods{Method::descent, Method::newton, Method::newton_in_double}));
  EXPECT_EQ(sequence({.loss = Loss::l1, .tolerance = 1e-5}, 1e-5, false), (Methods{Method::descent, Method::newton}));
}

TEST(ChooseMethod, EndsWithTimeAndPasses) {
  const auto next = [](Course course) {
    course.gram_pays = [] { return true; };
    course.relative_gap = 1;
    return choose_method({.few_rows = true}, course, {});
  };
  EXPECT_EQ(next({.last = Method::descent, .certified = true, .out_of_time = true, .passes_left = 9}), Method::none);
  EXPECT_EQ(next({.last = Method::newton, .certified = true, .passes_left = 3}), Method::none);
  EXPECT_EQ(next({.last = Method::descent, .certified = false, .passes_left = 3}), Method::newton);
  EXPECT_EQ(next({.last = Method::sample_start, .out_of_time = true, .passes_left = 0}), Method::newton);
}

TEST(ChooseMethod, StagesCanBeLeftOut) {
  EXPECT_EQ(sequence({}, 1, false, {}, {.descent = false, .in_double = false}), (Methods{Method::newton}));
}

TEST(Stopping, EachRuleEndsIt) {
  const auto later = [] { return false; };
  EXPECT_TRUE(svm::Stopping({.max_passes = 9, .expired = later}, 1).ends({1, 1e-4, 1}));
  EXPECT_FALSE(svm::Stopping({.max_passes = 9, .expired = later}, 1).ends({1, 2e-4, 1}));
  EXPECT_TRUE(svm::Stopping({.max_passes = 9, .expired = later}, 3).ends({7, 1, 1}));
  EXPECT_TRUE(svm::Stopping({.max_passes = 9, .expired = [] { return true; }}, 1).ends({1, 1, 1}));
  svm::Stopping stalls({.max_passes = 99, .expired = later, .stall_steps = 2, .better = 0.8}, 1);
  EXPECT_FALSE(stalls.ends({1, 1, 1}));
  EXPECT_FALSE(stalls.ends({2, 0.9, 1}));
  EXPECT_FALSE(stalls.ends({3, 0.5, 1}));
  EXPECT_FALSE(stalls.ends({4, 0.5, 1}));
  EXPECT_TRUE(stalls.ends({5, 0.45, 1}));
  svm::Stopping falls({.max_passes = 99, .expired = later, .least_fall = 0.02}, 1);
  EXPECT_FALSE(falls.ends({1, 1, 100}));
  EXPECT_FALSE(falls.ends({2, 1, 90}));
  EXPECT_TRUE(falls.ends({3, 1, 89}));
}

}  // namespace
}  // namespace pool3

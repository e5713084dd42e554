#include "console/unforeseen.hpp"

#include <gmock/gmock.h>

#include <new>
#include <stdexcept>
#include <system_error>

namespace pool3::jobs {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Unforeseen, SaysThatMemoryRanOutAndWhatToDo) {
  EXPECT_THAT(unforeseen(std::bad_alloc()), AllOf(HasSubstr("memory ran out ("), HasSubstr("--threads"),
                                                  HasSubstr("--batch"), Not(HasSubstr("std::"))));
}

TEST(Unforeseen, SaysThatThreadsRanOut) {
  const auto code = std::make_error_code(std::errc::resource_unavailable_try_again);
  EXPECT_THAT(unforeseen(std::system_error(code)), AllOf(HasSubstr("no more threads"), HasSubstr("--threads")));
  EXPECT_EQ(unforeseen(std::system_error(std::make_error_code(std::errc::io_error), "disk")),
            "disk: Input/output error");
}

TEST(Unforeseen, GivesOtherWordsInOneLine) { EXPECT_EQ(unforeseen(std::runtime_error("two\nlines")), "two\\nlines"); }

}  // namespace
}  // namespace pool3::jobs
